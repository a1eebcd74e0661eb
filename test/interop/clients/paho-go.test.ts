import { pahoGo } from './programs.ts';
import { testProgram } from './test-program.ts';

testProgram(pahoGo);
