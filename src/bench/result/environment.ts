import { arch, cpus, hostname, platform, release, totalmem } from 'node:os';
import { PACKAGE_VERSIONS } from '../../cli/packages.ts';
import type { Environment } from './result.ts';

/** Describes the machine that this runs on. */
export function describeEnvironment(toolkitVersion: string, nodeVersion: string): Environment {
  const processors = cpus();
  return {
    toolkitVersion,
    nodeVersion,
    hostname: hostname(),
    platform: platform(),
    kernel: release(),
    arch: arch(),
    cpuModel: processors[0]?.model.trim() ?? 'unknown',
    cpus: processors.length,
    memoryBytes: totalmem(),
    packages: PACKAGE_VERSIONS,
  };
}
