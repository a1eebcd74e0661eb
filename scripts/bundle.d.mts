import type { BuildOptions, Metafile } from 'esbuild';

export const ROOT: string;
export const SMALLER: BuildOptions;
export interface Chunk {
  readonly text: string;
  readonly exports: readonly string[];
}
export function bundleForNode(entry: string): Promise<{ chunks: Map<string, Chunk>; metafile: Metafile }>;
