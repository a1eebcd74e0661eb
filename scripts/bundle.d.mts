import type { Metafile } from 'esbuild';

export const ROOT: string;
export function bundleForNode(entry: string): Promise<{ chunks: Map<string, string>; metafile: Metafile }>;
