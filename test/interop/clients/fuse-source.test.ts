import { fuseSource } from './programs.ts';
import { testProgram } from './test-program.ts';

testProgram(fuseSource);
