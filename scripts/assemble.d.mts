export function assemble(folder: string): Promise<string[]>;
