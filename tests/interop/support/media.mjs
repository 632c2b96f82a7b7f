// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a page that receives gets the picture and the tone of pages/source.js.
import { QUARTERS } from '../pages/source.js';

/** The statistics of the track that is pulled, of this kind. */
export const inbound = (now, kind) => now.tracks.find((t) => t?.kind === kind);
export const decoded = (now) => inbound(now, 'video')?.framesDecoded ?? 0;

/** The four quarters have the published colours, so far as two conversions and a codec keep them. */
export const hasPublishedColours = (now) => now.colours !== null &&
  now.colours.every((colour, q) => colour.every((value, i) => Math.abs(value - QUARTERS[q][i]) < 40));

/** The loudest frequency is this one, to within two of the analyser's steps. */
export const hears = (now, hertz) => now.hertz !== null && Math.abs(now.hertz - hertz) < 12;
