// The common command of programs.ts over Paho for C++: its asynchronous client.
// c++ paho-cpp.cpp -lpaho-mqttpp3 -lpaho-mqtt3as
#include <mqtt/async_client.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

using Words = std::vector<std::string>;

static const auto TIME_LIMIT = std::chrono::seconds(20);

static std::string read_input() {
  return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

static void finish(const mqtt::token_ptr& token) {
  if (!token->wait_for(TIME_LIMIT)) throw std::runtime_error("no answer");
}

static mqtt::connect_options make_options(int level) {
  mqtt::connect_options options;
  options.set_mqtt_version(level);
  if (level == MQTTVERSION_5) {
    options.set_clean_session(false);
    options.set_clean_start(true);
  }
  return options;
}

static void publish(mqtt::async_client& client, const Words& words) {
  const std::string payload = read_input();
  for (int left = std::stoi(words[7]); left > 0; left--) {
    const auto token =
        client.publish(words[6], payload.data(), payload.size(), std::stoi(words[5]), words[8] == "1");
    if (!token->wait_for(TIME_LIMIT)) throw std::runtime_error("no answer to PUBLISH");
  }
}

static void receive(mqtt::async_client& client, const Words& words) {
  const int count = std::stoi(words[7]);
  const bool shows = words[1] == "subscribe";
  finish(client.subscribe(words[6], std::stoi(words[5])));
  for (int received = 0; received < count; received++) {
    mqtt::const_message_ptr message;
    if (!client.try_consume_message_for(&message, TIME_LIMIT) || !message) throw std::runtime_error("no message");
    if (!shows) continue;
    std::printf("%d %d ", message->get_qos(), message->is_retained() ? 1 : 0);
    for (const unsigned char byte : message->get_payload()) std::printf("%02x", byte);
    std::printf(" %s\n", message->get_topic().c_str());
  }
  if (!shows) std::printf("%d\n", count);
}

static int run(const Words& words) {
  if (words.size() != 9) return 2;
  const int level = std::stoi(words[4]);
  mqtt::async_client client("tcp://127.0.0.1:" + words[2], words[3], mqtt::create_options(level));
  auto options = make_options(level);
  if (words[1] == "will") {
    const std::string payload = read_input();
    options.set_will(mqtt::will_options(words[6], payload.data(), payload.size(), std::stoi(words[5]), words[8] == "1"));
    finish(client.connect(options));
    for (;;) pause();
  }
  client.start_consuming();
  finish(client.connect(options));
  if (words[1] == "publish") publish(client, words);
  else receive(client, words);
  finish(client.disconnect());
  return 0;
}

int main(int count, char** words) {
  try {
    return run(Words(words, words + count));
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
