/** A plugin of Vite. */
export function pagePlugin(): {
  name: string;
  enforce: 'pre';
  resolveId(id: string): string | undefined;
  load(id: string): Promise<string | undefined>;
};
