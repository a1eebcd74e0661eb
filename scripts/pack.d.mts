import type { Metafile } from 'esbuild';
import type { Chunk } from './bundle.mjs';

export const START: readonly string[];
export const RUN: readonly string[];
export const COMMANDS: Readonly<Record<string, readonly string[]>>;
export function staticClosure(metafile: Metafile, roots: readonly string[]): string[];
export function pack(
  chunks: ReadonlyMap<string, Chunk>,
  metafile: Metafile,
): Promise<{
  packed: Map<string, string>;
  main: string;
  starts: Readonly<Record<string, string>>;
  client: { readonly file: string; readonly ids: readonly string[] };
}>;
