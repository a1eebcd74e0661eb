// The common command of programs.ts over FuseSource's client for Java, which ActiveMQ's own tests use.
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.fusesource.mqtt.client.BlockingConnection;
import org.fusesource.mqtt.client.MQTT;
import org.fusesource.mqtt.client.Message;
import org.fusesource.mqtt.client.QoS;
import org.fusesource.mqtt.client.Topic;
import org.fusesource.hawtbuf.Buffer;
import org.fusesource.hawtbuf.UTF8Buffer;

public final class FuseSource {
  private static final int TIME_LIMIT_SECONDS = 20;

  public static void main(String[] words) throws Exception {
    String verb = words[0];
    String topic = words[5];
    int count = Integer.parseInt(words[6]);
    boolean retain = words[7].equals("1");
    QoS qos = QoS.values()[Integer.parseInt(words[4])];
    MQTT mqtt = new MQTT();
    mqtt.setHost("127.0.0.1", Integer.parseInt(words[1]));
    mqtt.setClientId(words[2]);
    mqtt.setVersion(words[3].equals("3") ? "3.1" : "3.1.1");
    mqtt.setConnectAttemptsMax(0);
    mqtt.setReconnectAttemptsMax(0);
    if (verb.equals("will")) {
      mqtt.setWillTopic(topic);
      mqtt.setWillMessage(new UTF8Buffer(new Buffer(System.in.readAllBytes())));
      mqtt.setWillQos(qos);
      mqtt.setWillRetain(retain);
    }
    BlockingConnection connection = mqtt.blockingConnection();
    connection.connect();
    switch (verb) {
      case "will" -> Thread.sleep(Long.MAX_VALUE);
      case "publish" -> {
        byte[] payload = System.in.readAllBytes();
        for (; count > 0; count--) connection.publish(topic, payload, qos, retain);
      }
      default -> receive(connection, new Topic(topic, qos), count, verb.equals("subscribe"));
    }
    connection.disconnect();
    System.exit(0);
  }

  private static void receive(BlockingConnection connection, Topic filter, int count, boolean shows) throws Exception {
    connection.subscribe(new Topic[] {filter});
    StringBuilder lines = new StringBuilder();
    for (int left = count; left > 0; left--) {
      Message message = connection.receive(TIME_LIMIT_SECONDS, TimeUnit.SECONDS);
      if (message == null) throw new IllegalStateException("no message");
      message.ack();
      if (!shows) continue;
      lines.append("? ? ").append(HexFormat.of().formatHex(message.getPayload()));
      lines.append(' ').append(message.getTopic()).append('\n');
    }
    System.out.write((shows ? lines.toString() : count + "\n").getBytes("UTF-8"));
    System.out.flush();
  }
}
