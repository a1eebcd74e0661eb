/*
 * The common command of programs.ts over Paho for C: its synchronous client.
 * cc paho-c.c -lpaho-mqtt3c
 */
#include <MQTTClient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIME_LIMIT_MS 20000
/* What mosquitto takes; the library's own default is 10. */
#define IN_FLIGHT 20

static void fail(const char *what, int code) {
  fprintf(stderr, "%s: %d %s\n", what, code, MQTTClient_strerror(code) ? MQTTClient_strerror(code) : "");
  exit(1);
}

static void check(const char *what, int code) {
  if (code != MQTTCLIENT_SUCCESS) fail(what, code);
}

static char *read_input(size_t *size) {
  size_t room = 65536;
  char *bytes = malloc(room);
  size_t got;
  *size = 0;
  while ((got = fread(bytes + *size, 1, room - *size, stdin)) > 0) {
    *size += got;
    if (*size == room) bytes = realloc(bytes, room *= 2);
  }
  return bytes;
}

/* With a callback it reads in a thread of its own: without, it looks for acknowledgements ten times a second. */
static int ignore_message(void *context, char *topic, int length, MQTTClient_message *message) {
  (void)context, (void)length;
  MQTTClient_freeMessage(&message);
  MQTTClient_free(topic);
  return 1;
}

static MQTTClient open_session(char **words, int level, MQTTClient_willOptions *will) {
  char address[64];
  MQTTClient client;
  MQTTClient_createOptions create = MQTTClient_createOptions_initializer;
  MQTTClient_connectOptions three = MQTTClient_connectOptions_initializer;
  MQTTClient_connectOptions five = MQTTClient_connectOptions_initializer5;
  snprintf(address, sizeof address, "tcp://127.0.0.1:%s", words[2]);
  create.MQTTVersion = level;
  check("create", MQTTClient_createWithOptions(&client, address, words[3], MQTTCLIENT_PERSISTENCE_NONE, NULL, &create));
  if (strcmp(words[1], "publish") == 0) check("callback", MQTTClient_setCallbacks(client, NULL, NULL, ignore_message, NULL));
  if (level == MQTTVERSION_5) {
    five.MQTTVersion = level;
    five.will = will;
    five.cleanstart = 1;
    five.maxInflightMessages = IN_FLIGHT;
    MQTTResponse response = MQTTClient_connect5(client, &five, NULL, NULL);
    check("connect", response.reasonCode);
    MQTTResponse_free(response);
  } else {
    three.MQTTVersion = level;
    three.will = will;
    three.maxInflightMessages = IN_FLIGHT;
    check("connect", MQTTClient_connect(client, &three));
  }
  return client;
}

static void publish(MQTTClient client, char **words, int level) {
  MQTTClient_message message = MQTTClient_message_initializer;
  MQTTClient_deliveryToken token = 0;
  size_t size;
  message.payload = read_input(&size);
  message.payloadlen = (int)size;
  message.qos = atoi(words[5]);
  message.retained = atoi(words[8]);
  for (int left = atoi(words[7]); left > 0; left--) {
    if (level == MQTTVERSION_5) {
      MQTTResponse response = MQTTClient_publishMessage5(client, words[6], &message, &token);
      check("publish", response.reasonCode);
      MQTTResponse_free(response);
    } else {
      check("publish", MQTTClient_publishMessage(client, words[6], &message, &token));
    }
  }
  check("publish", MQTTClient_waitForCompletion(client, token, TIME_LIMIT_MS));
}

static void receive(MQTTClient client, char **words, int level, int shows) {
  int qos = atoi(words[5]);
  int count = atoi(words[7]);
  if (level == MQTTVERSION_5) {
    MQTTResponse response = MQTTClient_subscribe5(client, words[6], qos, NULL, NULL);
    if ((int)response.reasonCode != qos) fail("subscribe", response.reasonCode);
    MQTTResponse_free(response);
  } else {
    check("subscribe", MQTTClient_subscribe(client, words[6], qos));
  }
  for (int received = 0; received < count; received++) {
    char *topic = NULL;
    int length = 0;
    MQTTClient_message *message = NULL;
    int code = MQTTClient_receive(client, &topic, &length, &message, TIME_LIMIT_MS);
    if (message == NULL) fail("receive", code);
    if (shows) {
      printf("%d %d ", message->qos, message->retained);
      for (int at = 0; at < message->payloadlen; at++) printf("%02x", ((unsigned char *)message->payload)[at]);
      printf(" %s\n", topic);
    }
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
  }
  if (!shows) printf("%d\n", count);
}

int main(int count, char **words) {
  if (count != 9) return 2;
  int level = atoi(words[4]);
  if (strcmp(words[1], "will") == 0) {
    MQTTClient_willOptions will = MQTTClient_willOptions_initializer;
    size_t size;
    will.topicName = words[6];
    will.payload.data = read_input(&size);
    will.payload.len = (int)size;
    will.qos = atoi(words[5]);
    will.retained = atoi(words[8]);
    open_session(words, level, &will);
    for (;;) pause();
  }
  MQTTClient client = open_session(words, level, NULL);
  if (strcmp(words[1], "publish") == 0) publish(client, words, level);
  else receive(client, words, level, strcmp(words[1], "subscribe") == 0);
  if (level == MQTTVERSION_5) MQTTClient_disconnect5(client, TIME_LIMIT_MS, MQTTREASONCODE_SUCCESS, NULL);
  else MQTTClient_disconnect(client, TIME_LIMIT_MS);
  MQTTClient_destroy(&client);
  return 0;
}
