import { pahoJavaScript } from './programs.ts';
import { testProgram } from './test-program.ts';

testProgram(pahoJavaScript);
