/** What a case of the differential suite says. The tables in `cases/` are made of nothing else. */
import type { IPublishPacket, Packet } from 'mqtt-packet';
import type { SeenPacket } from './normalise.ts';

/** A message that is published for a case. */
export interface Message {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly properties?: NonNullable<IPublishPacket['properties']>;
}

/** Why our command does not do what mosquitto's client does. */
export interface Difference {
  readonly reason: string;
  /** Only this version of mosquitto's clients differs from ours: 2.0 is Debian 12's. Without it every version does. */
  readonly from?: '2.0' | '2.1';
}

/** What our command must do, where that is not simply what theirs does. */
export interface Expectation {
  /** What our command prints. Without `differs` theirs must print it too. */
  readonly stdout?: string | Buffer;
  readonly exitCode?: number;
  /** What our command sends, normalised. */
  readonly sent?: readonly SeenPacket[];
  /** What of the expectation the installed client does not meet. */
  readonly differs?: Difference;
}

export interface CommonCase extends Expectation {
  /** Where the words do not say it. */
  readonly title?: string;
  /**
   * The same for both; `{file}` stands for the file of `file`, `{id}` for a name of each
   * client's own, `{port}` for the port that it connects to.
   */
  readonly words: readonly string[];
  /** Content of a file for `{file}`. */
  readonly file?: string | Buffer;
  /** Content of the default options file. */
  readonly optionsFile?: string;
  /** The options file stands in `.config` of HOME, and XDG_CONFIG_HOME is not set. */
  readonly atHome?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Buffer;
  /** Standard input stays open. */
  readonly holdsStdin?: boolean;
  /** Ours runs as a process of its own, built, where the process matters. */
  readonly spawned?: boolean;
  /** Ours runs without a `-V` of the test's: the words, or its own default, choose the version. */
  readonly ownVersion?: boolean;
}

/** Who subscribes, and what then comes. */
export interface SubCase extends CommonCase {
  /** Published before. */
  readonly retained?: readonly Message[];
  /** Published once both have subscribed. */
  readonly messages?: readonly Message[];
  /** Both get the signal once they have printed this text. */
  readonly stop?: { readonly after: string; readonly signal: 'SIGINT' | 'SIGTERM' };
  /** What they send is compared too. */
  readonly wire?: boolean;
}

/** Who publishes. What they send is compared. */
export interface PubCase extends CommonCase {
  /** Published with RETAIN before. */
  readonly retained?: readonly Message[];
}

/** A client with a Will on `w/{id}`, and how it ends. */
export interface WillCase extends CommonCase {
  readonly tool: 'pub' | 'sub';
  /** Ends both once they are connected or have subscribed; without one they end by themselves. */
  readonly signal?: 'SIGINT' | 'SIGTERM' | 'SIGKILL';
  /** Published once both have subscribed. */
  readonly message?: Message;
  /** The Wills of ours, where `differs` says that theirs are others. */
  readonly wills?: readonly SeenPacket[];
}

/** A request, and what is answered. */
export interface RequestCase extends CommonCase {
  /** Published by the answering side, to where the request says, when the request comes. */
  readonly answers?: readonly (Omit<Message, 'topic'> & {
    readonly topic?: string;
    readonly echoesCorrelation?: boolean;
  })[];
  /** Published to the answers' topic before. */
  readonly retained?: Omit<Message, 'topic'>;
  /** What they send is not compared. */
  readonly wire?: false;
}

/** Words that are refused. `differs`: mosquitto's client goes on all the same. */
export interface RefusalCase extends CommonCase {
  readonly tool: 'pub' | 'sub' | 'rr';
}

/** A broker that answers CONNECT and SUBSCRIBE, and then sends just this. */
export interface ScriptedCase extends CommonCase {
  readonly packets: readonly (Packet | Uint8Array)[];
}

/** Retained messages that are deleted; their topics stand below `d/{id}/`. */
export interface RemovalCase extends CommonCase {
  /** Retained before, for each of them. */
  readonly retained: readonly Message[];
  /** The topics of what is still retained afterwards. */
  readonly left: readonly string[];
  /** Words without which mosquitto's client would not end. */
  readonly theirMoreWords?: readonly string[];
}

/** Several runs of the clients, one after the other, and messages in between. */
export interface SequenceCase {
  readonly title: string;
  readonly steps: readonly (SequenceRun | { readonly publish: readonly Message[] })[];
}

export interface SequenceRun extends CommonCase {
  readonly tool: 'pub' | 'sub';
}
