import { mqttJs, mqttJsWebSocket } from './programs.ts';
import { testProgram } from './test-program.ts';

testProgram(mqttJs);
testProgram(mqttJsWebSocket);
