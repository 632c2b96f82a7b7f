// SPDX-License-Identifier: LGPL-2.1-or-later
// Child processes that never outlive the test.
import { spawn } from 'node:child_process';
import process from 'node:process';

const running = new Set();
process.on('exit', () => {
  for (const child of running) signal(child, 'SIGKILL');
});

/** A shell's commands are in its group, and end with it. */
function signal(child, name) {
  if (!running.has(child)) return;
  if (child.isGroup) process.kill(-child.pid, name);
  else child.kill(name);
}

/**
 * spawn(), with what the child says on its standard error kept in `child.said`. With `group` the child
 * and all that it starts form a group of processes, to be ended together.
 */
export function start(command, args, { stdio = [], group = false, ...options } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe', ...stdio], detached: group, ...options });
  child.isGroup = group;
  running.add(child);
  child.said = '';
  child.stderr.on('data', (data) => {
    child.said = (child.said + data).slice(-20000);
  });
  child.ended = new Promise((resolve) => {
    child.once('error', (error) => {
      child.said += error.message;
      running.delete(child);
      resolve();
    });
    child.once('exit', () => {
      running.delete(child);
      resolve();
    });
  });
  return child;
}

/** The first line that the child prints. */
export function firstLine(child) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    child.ended.then(() => reject(new Error(`${child.spawnfile} ended: ${child.said}`)));
  });
}

export async function terminate(child) {
  signal(child, 'SIGTERM');
  const kill = setTimeout(() => signal(child, 'SIGKILL'), 5000);
  await child.ended;
  clearTimeout(kill);
}
