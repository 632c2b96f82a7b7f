// SPDX-License-Identifier: LGPL-2.1-or-later
// A plain client of the Calls API: one session, one RTCPeerConnection, one exchange at a time.

const kPatience = 20000;

export function event(target, type, condition = () => true) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${type}`)), kPatience);
    const happened = (e) => {
      if (!condition(e)) return;
      clearTimeout(timer);
      target.removeEventListener(type, happened);
      resolve(e);
    };
    target.addEventListener(type, happened);
  });
}

export class Client {
  #api;
  #last = Promise.resolve();

  static async create(api) {
    const client = new Client();
    client.#api = api;
    client.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    const { sessionId } = await client.request('POST', 'new');
    client.sessionId = sessionId;
    return client;
  }

  async request(method, path, body) {
    const response = await fetch(`${this.#api.base}/apps/${this.#api.app}/sessions/${path}`, {
      method,
      headers: { 'authorization': `Bearer ${this.#api.secret}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const answer = await response.json();
    const failed = [answer, ...(answer.tracks ?? []), ...(answer.dataChannels ?? [])].find((o) => o.errorCode);
    if (failed) throw new Error(`${path}: ${response.status} ${failed.errorCode}: ${failed.errorDescription}`);
    return answer;
  }

  call(method, operation, body) {
    return this.request(method, `${this.sessionId}/${operation}`, body);
  }

  /** Whole exchanges follow one another: nothing may come between an offer and its answer. */
  exchange(task) {
    this.#last = this.#last.catch(() => {}).then(task);
    return this.#last;
  }

  async connected() {
    if (this.pc.connectionState !== 'connected')
      await event(this.pc, 'connectionstatechange', () => this.pc.connectionState === 'connected');
  }

  /** Publishes tracks under their own ids; gives the transceivers. */
  publish(tracks, { encodings, codec } = {}) {
    return this.exchange(async () => {
      const transceivers = tracks.map((track) => {
        const t = this.pc.addTransceiver(track,
          { direction: 'sendonly', sendEncodings: track.kind === 'video' ? encodings : undefined });
        if (codec && track.kind === 'video')
          t.setCodecPreferences(RTCRtpSender.getCapabilities('video').codecs
            .filter((c) => c.mimeType.toLowerCase() === `video/${codec}`.toLowerCase()));
        return t;
      });
      await this.pc.setLocalDescription();
      const answer = await this.call('POST', 'tracks/new', {
        sessionDescription: { type: 'offer', sdp: this.pc.localDescription.sdp },
        tracks: transceivers.map((t) => ({ location: 'local', mid: t.mid, trackName: t.sender.track.id })),
      });
      await this.pc.setRemoteDescription(answer.sessionDescription);
      await this.connected();
      for (const t of transceivers.filter((x) => x.sender.track.kind === 'video')) {
        // A slow machine may cost frames; the size is what the tests ask for.
        const parameters = t.sender.getParameters();
        parameters.degradationPreference = 'maintain-resolution';
        await t.sender.setParameters(parameters);
      }
      return transceivers;
    });
  }

  /** Answers an offer of the SFU. */
  async answer(offer) {
    await this.pc.setRemoteDescription(offer);
    await this.pc.setLocalDescription();
    await this.call('PUT', 'renegotiate',
      { sessionDescription: { type: 'answer', sdp: this.pc.localDescription.sdp } });
  }

  /** Pulls [{sessionId, trackName, simulcast?}]; gives their transceivers in that order. */
  pull(tracks) {
    return this.exchange(async () => {
      const answer = await this.call('POST', 'tracks/new',
        { tracks: tracks.map((t) => ({ location: 'remote', ...t })) });
      if (answer.requiresImmediateRenegotiation) await this.answer(answer.sessionDescription);
      await this.connected();
      return answer.tracks.map((item) => this.pc.getTransceivers().find((t) => t.mid === item.mid));
    });
  }

  /** Negotiated close: stops the transceivers and offers that. */
  closeTracks(transceivers) {
    return this.exchange(async () => {
      const tracks = transceivers.map((t) => ({ mid: t.mid }));
      for (const t of transceivers) t.stop();
      await this.pc.setLocalDescription();
      const answer = await this.call('PUT', 'tracks/close', {
        tracks, force: false, sessionDescription: { type: 'offer', sdp: this.pc.localDescription.sdp },
      });
      await this.pc.setRemoteDescription(answer.sessionDescription);
      return answer;
    });
  }

  /** The SCTP transport, with the SFU's offer; gives the channel that the SFU opens on it. */
  establish() {
    return this.exchange(async () => {
      const opened = event(this.pc, 'datachannel');
      const answer = await this.call('POST', 'datachannels/establish',
        { dataChannel: { location: 'remote', dataChannelName: 'server-events' } });
      await this.answer(answer.sessionDescription);
      await this.connected();
      return (await opened).channel;
    });
  }

  /** The same with an offer of ours, in which the channel is there already. */
  establishByOffer() {
    return this.exchange(async () => {
      const channel = this.pc.createDataChannel('server-events');
      await this.pc.setLocalDescription();
      const answer = await this.call('POST', 'datachannels/establish', {
        dataChannel: { location: 'remote', dataChannelName: 'server-events' },
        sessionDescription: { type: 'offer', sdp: this.pc.localDescription.sdp },
      });
      await this.pc.setRemoteDescription(answer.sessionDescription);
      await this.connected();
      return channel;
    });
  }

  /** Publishes or subscribes a data channel, and waits until it is open. */
  async openChannel({ dataChannelName, ordered, maxRetransmits, ...rest }) {
    const reliability = { ordered, maxRetransmits };
    const { dataChannels: [{ id }] } = await this.call('POST', 'datachannels/new',
      { dataChannels: [{ dataChannelName, ...reliability, ...rest }] });
    const channel = this.pc.createDataChannel(dataChannelName, { negotiated: true, id, ...reliability });
    channel.binaryType = 'arraybuffer';
    if (channel.readyState !== 'open') await event(channel, 'open');
    return channel;
  }

  closeChannels(channels) {
    return this.call('PUT', 'datachannels/close', { dataChannels: channels.map((c) => ({ id: c.id })) });
  }

  async statistics(transceiver) {
    for (const s of (await transceiver.receiver.getStats()).values())
      if (s.type === 'inbound-rtp')
        return { ...s, codec: (await transceiver.receiver.getStats()).get(s.codecId)?.mimeType };
    return null;
  }
}
