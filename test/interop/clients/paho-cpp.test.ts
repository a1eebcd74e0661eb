import { pahoCpp } from './programs.ts';
import { testProgram } from './test-program.ts';

testProgram(pahoCpp);
