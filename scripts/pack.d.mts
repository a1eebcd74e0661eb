import type { Metafile } from 'esbuild';

export const START: readonly string[];
export const RUN: readonly string[];
export const COMMANDS: Readonly<Record<string, readonly string[]>>;
export function staticClosure(metafile: Metafile, roots: readonly string[]): string[];
