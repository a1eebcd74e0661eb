// The common command of programs.ts over Paho for Go.
package main

import (
	"fmt"
	"io/ioutil"
	"os"
	"strconv"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

const timeLimit = 20 * time.Second

func fail(what string, reason interface{}) {
	fmt.Fprintln(os.Stderr, what, reason)
	os.Exit(1)
}

func wait(what string, token mqtt.Token) {
	if !token.WaitTimeout(timeLimit) {
		fail(what, "was not answered")
	}
	if err := token.Error(); err != nil {
		fail(what, err)
	}
}

func number(word string) int {
	value, err := strconv.Atoi(word)
	if err != nil {
		fail("argument", err)
	}
	return value
}

func readInput() []byte {
	bytes, err := ioutil.ReadAll(os.Stdin)
	if err != nil {
		fail("stdin", err)
	}
	return bytes
}

func publish(client mqtt.Client, topic string, qos byte, count int, retain bool) {
	payload := readInput()
	for ; count > 0; count-- {
		wait("PUBLISH", client.Publish(topic, qos, retain, payload))
	}
}

func receive(client mqtt.Client, topic string, qos byte, count int, shows bool) {
	messages := make(chan mqtt.Message, count)
	wait("SUBSCRIBE", client.Subscribe(topic, qos, func(_ mqtt.Client, message mqtt.Message) { messages <- message }))
	for left := count; left > 0; left-- {
		select {
		case message := <-messages:
			if shows {
				retained := 0
				if message.Retained() {
					retained = 1
				}
				fmt.Printf("%d %d %x %s\n", message.Qos(), retained, message.Payload(), message.Topic())
			}
		case <-time.After(timeLimit):
			fail("no message", left)
		}
	}
	if !shows {
		fmt.Println(count)
	}
}

func main() {
	if len(os.Args) != 9 {
		os.Exit(2)
	}
	verb, topic, qos, retain := os.Args[1], os.Args[6], byte(number(os.Args[5])), os.Args[8] == "1"
	options := mqtt.NewClientOptions().
		AddBroker("tcp://127.0.0.1:" + os.Args[2]).
		SetClientID(os.Args[3]).
		SetProtocolVersion(uint(number(os.Args[4]))).
		SetAutoReconnect(false)
	if verb == "will" {
		options.SetBinaryWill(topic, readInput(), qos, retain)
	}
	client := mqtt.NewClient(options)
	wait("CONNECT", client.Connect())
	switch verb {
	case "will":
		select {}
	case "publish":
		publish(client, topic, qos, number(os.Args[7]), retain)
	default:
		receive(client, topic, qos, number(os.Args[7]), verb == "subscribe")
	}
	client.Disconnect(250)
}
