// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs the checks of one program, one after the other, and ends with the line that libcheck ends
// with, so that scripts/count-checks counts them like all the others.
import assert from 'node:assert/strict';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';

// CK_TIMEOUT_MULTIPLIER is libcheck's own: slower builds and slower machines.
const SLOWER = Number(process.env.CK_TIMEOUT_MULTIPLIER ?? 1);

const checks = [];
const endings = [];

/** Adds a check. `name` is the fact that it proves. */
export function check(name, body, { seconds = 60 } = {}) {
  checks.push({ name, body, seconds });
}

/** What is started last is ended first, whatever happens. */
export function atEnd(end) {
  endings.unshift(end);
}

/** Waits until `condition` gives something truthy, and returns it. */
export async function until(what, condition, { seconds = 30 } = {}) {
  const deadline = Date.now() + seconds * 1000 * SLOWER;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) assert.fail(`not within ${seconds} s: ${what}`);
    await pause(50);
  }
}

function within(seconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function end() {
  for (const ending of endings.splice(0)) {
    try {
      await within(10, ending());
    } catch (error) {
      console.error(`at the end: ${error.stack}`);
    }
  }
}

for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, () => end().finally(() => process.exit(1)));

/** Runs all checks, or those that the environment's CK_RUN_CASE is part of the name of. */
export async function run() {
  const program = path.basename(process.argv[1], '.check.mjs');
  const wanted = process.env.CK_RUN_CASE ?? '';
  let failures = 0;
  let errors = 0;
  const chosen = checks.filter((c) => c.name.includes(wanted));
  for (const { name, body, seconds } of chosen) {
    const start = Date.now();
    try {
      await within(seconds * SLOWER, body());
      console.log(`${program}:P:${name} (${Date.now() - start} ms)`);
    } catch (error) {
      if (error instanceof assert.AssertionError) ++failures;
      else ++errors;
      console.log(`${program}:${error instanceof assert.AssertionError ? 'F' : 'E'}:${name}: ${error.stack}`);
    }
  }
  await end();
  const bad = failures + errors;
  const passed = chosen.length === 0 ? 0 : Math.floor((100 * (chosen.length - bad)) / chosen.length);
  console.log(`${passed}%: Checks: ${chosen.length}, Failures: ${failures}, Errors: ${errors}`);
  process.exit(bad > 0 || chosen.length === 0 ? 1 : 0);
}
