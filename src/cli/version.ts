// By its name: the bundle then holds this alone of the manifest.
import { version } from '../../package.json';

export const VERSION: string = version;
