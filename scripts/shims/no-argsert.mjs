// Stands in for yargs' `argsert` in the bundle, which checks at each call of yargs' methods that a program uses them
// rightly, 2.5 ms of CPU for our tables. The compiler has checked that already.
export function argsert() {}
