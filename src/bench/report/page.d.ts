/** Made by scripts/page.mjs. */
declare module '*/draw.ts?page' {
  /** Draws the charts of a report in its page. */
  export const script: string;
  export const style: string;
}
