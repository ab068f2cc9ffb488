import { type FakeRequest, type Personality, routeOf } from './personality.ts';
import { dataEvent, json, type Script, sse, stream, text } from './script.ts';

/** What the fake says, in two pieces. Not valid UTF-8. */
export const audio: readonly Buffer[] = [Buffer.from([0xff, 0xf3, 0x44, 0xc4, 0x00]), Buffer.from([0x80, 0xfe, 0x0a])];

export const transcript = 'Grüße aus der Aufnahme.';

/** A form's fields by name, file contents as latin-1, and each part's own head. */
export function partsOf(
  request: FakeRequest,
): ReadonlyMap<string, { readonly head: string; readonly content: string }> {
  const boundary = /boundary="?([^";]+)/.exec(String(request.headers['content-type']))?.[1];
  const pieces = request.body.toString('latin1').split(`--${boundary}`).slice(1, -1);
  return new Map(
    pieces.map((piece) => {
      const end = piece.indexOf('\r\n\r\n');
      const head = piece.slice(2, end);
      return [/ name="([^"]*)"/.exec(head)?.[1] ?? '', { head, content: piece.slice(end + 4, -2) }] as const;
    }),
  );
}

function fieldsOf(request: FakeRequest): Readonly<Record<string, unknown>> {
  return JSON.parse(request.body.toString('utf8')) as Readonly<Record<string, unknown>>;
}

function speech(request: FakeRequest): Script {
  const { stream_format } = fieldsOf(request);
  if (stream_format !== 'sse') return stream('audio/mpeg', audio);
  return sse([
    ...audio.map((piece) => dataEvent({ type: 'speech.audio.delta', audio: piece.toString('base64') })),
    dataEvent({ type: 'speech.audio.done', usage: { input_tokens: 3, output_tokens: 9, total_tokens: 12 } }),
  ]);
}

/** As OpenAI answers: plain text for every format but the two of JSON. */
function transcription(request: FakeRequest): Script {
  const parts = partsOf(request);
  if (parts.get('file') === undefined)
    return json(400, { error: { message: 'no file', type: 'invalid_request_error' } });
  if (parts.get('stream')?.content === 'true') {
    return sse([
      dataEvent({ type: 'transcript.text.delta', delta: transcript }),
      dataEvent({ type: 'transcript.text.done', text: transcript }),
    ]);
  }
  switch (parts.get('response_format')?.content) {
    case 'text':
      return text(200, `${transcript}\n`);
    case 'srt':
      return text(200, `1\n00:00:00,000 --> 00:00:01,000\n${transcript}\n`);
    case 'vtt':
      return stream('text/vtt', [`WEBVTT\n\n00:00.000 --> 00:01.000\n${transcript}\n`]);
    case 'verbose_json':
      return json(200, { task: 'transcribe', language: 'german', duration: 1, text: transcript, segments: [] });
    default:
      return json(200, { text: transcript });
  }
}

/** A server of speech, transcripts, pictures and moderation on OpenAI's paths. */
export const mediaFake: Personality = {
  kind: 'media',
  headers: {},
  answer(request, state) {
    switch (routeOf(request)) {
      case 'GET /v1/models':
        return json(200, { object: 'list', data: state.models.map(({ id }) => ({ id, object: 'model' })) });
      case 'POST /v1/audio/speech':
        return speech(request);
      case 'POST /v1/audio/transcriptions':
      case 'POST /v1/audio/translations':
        return transcription(request);
      case 'POST /v1/images/generations':
      case 'POST /v1/images/edits':
        return json(200, { created: 1, data: [{ b64_json: 'iVBORw0KGgo=' }] });
      case 'POST /v1/moderations':
        return json(200, {
          id: 'modr-1',
          model: 'm',
          results: [{ flagged: false, categories: {}, category_scores: {} }],
        });
      default:
        return json(404, { error: { message: 'Not Found', type: 'invalid_request_error' } });
    }
  },
  brokenTail: () => [],
};
