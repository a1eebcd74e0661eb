import type { Metafile } from 'esbuild';

export function bundledPackages(metafile: Metafile): string[];
export function formatLicences(root: string, metafile: Metafile): string;
