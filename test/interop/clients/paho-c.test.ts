import { pahoC } from './programs.ts';
import { testProgram } from './test-program.ts';

testProgram(pahoC);
