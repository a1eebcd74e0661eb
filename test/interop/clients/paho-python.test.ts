import { pahoPython } from './programs.ts';
import { testProgram } from './test-program.ts';

testProgram(pahoPython);
