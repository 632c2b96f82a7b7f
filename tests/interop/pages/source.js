// SPDX-License-Identifier: LGPL-2.1-or-later
// Picture and sound that a test recognises again: four coloured quarters with a bar moving over them,
// and one tone.

export const QUARTERS = [[200, 40, 40], [40, 170, 40], [40, 60, 200], [200, 190, 40]];
const kFramesPerSecond = 20;

/** A video track of exactly this size. */
export function picture(width, height) {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  let frame = 0;
  const draw = () => {
    QUARTERS.forEach((colour, i) => {
      context.fillStyle = `rgb(${colour})`;
      context.fillRect((i % 2) * (width / 2), Math.floor(i / 2) * (height / 2), width / 2, height / 2);
    });
    context.fillStyle = '#fff';
    context.fillRect((frame++ * 8) % width, height / 2 - 8, 40, 16);
  };
  draw();
  setInterval(draw, 1000 / kFramesPerSecond);
  return canvas.captureStream(kFramesPerSecond).getVideoTracks()[0];
}

/** The colours in the middles of the four quarters of what a <video> shows. */
export function coloursOf(video) {
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  return QUARTERS.map((_, i) => [...context.getImageData(
    Math.floor(canvas.width * (0.25 + 0.5 * (i % 2))),
    Math.floor(canvas.height * (0.25 + 0.5 * Math.floor(i / 2))), 1, 1).data].slice(0, 3));
}

let sounds;
const audioContext = () => {
  sounds ??= new AudioContext({ sampleRate: 48000 });
  return sounds;
};

/** An audio track with one tone. */
export function tone(hertz) {
  const context = audioContext();
  const oscillator = new OscillatorNode(context, { frequency: hertz });
  const output = new MediaStreamAudioDestinationNode(context);
  oscillator.connect(output);
  oscillator.start();
  return output.stream.getAudioTracks()[0];
}

/** Listens to a track; the function it gives tells the frequency that is loudest now, or null in silence. */
export function listen(track) {
  const context = audioContext();
  const analyser = new AnalyserNode(context, { fftSize: 8192 });
  new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([track]) }).connect(analyser);
  const levels = new Float32Array(analyser.frequencyBinCount);
  return () => {
    analyser.getFloatFrequencyData(levels);
    const loudest = levels.reduce((best, level, i) => (level > levels[best] ? i : best), 0);
    return levels[loudest] > -60 ? (loudest * context.sampleRate) / analyser.fftSize : null;
  };
}
