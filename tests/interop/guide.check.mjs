// SPDX-License-Identifier: LGPL-2.1-or-later
// docs/guides/emulator.md promises a minute to a moving picture. Its commands, as they stand there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

import { atEnd, check, run, until } from './support/check.mjs';
import { Chromium } from './support/chromium.mjs';
import { firstLine, start, terminate } from './support/process.mjs';

const guide = readFileSync(path.join(process.env.CF_SOURCE_ROOT, 'docs/guides/emulator.md'), 'utf8');
const section = /^## A minute to a moving picture\n(.*?)^## /ms.exec(guide)[1];
const commands = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map((m) => m[1]);
const [, address] = /Open <(http:[^>]+)>/.exec(section);

/** Pastes commands into a shell that finds what was built. */
function paste(text) {
  const { CF_EMULATOR, ...environment } = process.env;
  environment.PATH = `${path.dirname(CF_EMULATOR)}:${environment.PATH}`;
  const shell = start('bash', ['-c', text], { group: true, env: environment });
  atEnd(() => terminate(shell));
  return shell;
}

check('guide_leads_to_a_moving_picture', async () => {
  assert.equal(commands.length, 2, 'one block for each of two shells');
  const base = await firstLine(paste(commands[0]));
  assert.ok(section.includes(`prints ${base} when it is ready`));
  const launched = paste(commands[1]);
  launched.ended.then(() => console.log(`the pipeline ended: ${launched.said}`));
  const chromium = await Chromium.start();
  const page = await chromium.open(address);
  await page.click(`() => [...document.querySelectorAll('#sessions button')]
    .find((button) => button.innerText === 'Play' && !button.hidden)`);
  await until('30 frames are shown', () => page.evaluate(`() =>
    document.getElementById('video').getVideoPlaybackQuality().totalVideoFrames >= 30`));
  assert.deepEqual(page.errors, []);
}, { seconds: 60 });

await run();
