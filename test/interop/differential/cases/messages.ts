/** Messages that several tables use. */
import type { Message } from '../case.ts';

/** Every property that a message of mosquitto's broker can have. */
export const FULL: Message = {
  topic: 'd/full',
  payload: 'hello',
  properties: {
    payloadFormatIndicator: true,
    messageExpiryInterval: 3600,
    contentType: 'text/plain',
    responseTopic: 'reply/to',
    correlationData: Buffer.from('abc'),
    userProperties: { key: ['value', 'again'], other: 'ü' },
  },
};

/** No property at all. */
export const BARE: Message = { topic: 'd/bare', payload: 'hi' };
