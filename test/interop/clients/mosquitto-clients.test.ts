import { mosquittoClients } from './programs.ts';
import { testProgram } from './test-program.ts';

testProgram(mosquittoClients);
