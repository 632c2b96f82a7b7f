// SPDX-License-Identifier: LGPL-2.1-or-later
// A Worker as partytracks' documentation has it: its server part in front of the Calls API, and the
// page. Runs in workerd.
import { routePartyTracksRequest } from 'partytracks/server';

const ASSETS = {
  '/': ['PAGE', 'text/html; charset=utf-8'],
  '/partytracks.js': ['SCRIPT', 'text/javascript; charset=utf-8'],
};

export default {
  fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname in ASSETS) {
      const [name, type] = ASSETS[pathname];
      return new Response(env[name], { headers: { 'content-type': type } });
    }
    return routePartyTracksRequest({
      appId: env.APP,
      token: env.SECRET,
      realtimeApiBaseUrl: env.API_BASE,
      turnServerAppId: env.TURN_KEY,
      turnServerAppToken: env.TURN_TOKEN,
      turnServerCredentialTTL: 3600,
      lockSessionToInitiator: true,
      request,
    });
  },
};
