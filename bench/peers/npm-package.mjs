// A peer that is no package of ours: npm installs it into a folder that the caller names, once.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** @param {string} folder @returns its `node_modules`, with the package in it  @throws Error when npm cannot install it */
export function installed(folder, name, version) {
  const modules = join(resolve(folder), 'node_modules')
  if (existsSync(join(modules, name, 'package.json'))) return modules
  mkdirSync(resolve(folder), { recursive: true })
  console.error(`Installing ${name} ${version} into ${resolve(folder)} …`)
  const args = ['install', '--prefix', resolve(folder), '--no-save', '--no-audit', '--no-fund', '--loglevel=error', `${name}@${version}`]
  const { status } = spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) throw new Error(`npm could not install ${name} ${version}`)
  return modules
}
