import { type App, createApp, type Listening } from '../../app.ts';
import { type Address, parseListen } from '../../config/listen.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { stateDirectory } from '../../config/state-dir.ts';
import { connectUrl } from '../../doctor/connect-url.ts';
import type { LogSink } from '../../telemetry/log-sink.ts';
import { createLogger, type LogFormat, type Logger, type LogLevel } from '../../telemetry/logger.ts';
import { subscribeLog } from '../../telemetry/subscribe.ts';
import type { Context, LastingOutputs } from '../context.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { Greeter } from '../greeter.ts';
import { collectGarbage, makeObjectsYoung } from '../heap.ts';
import { listenError } from '../listen-error.ts';
import { loadFor } from '../load.ts';
import { Reloader } from '../reloader.ts';
import { writeRunFile } from '../run-file.ts';

export interface ServeOptions {
  readonly listen?: string | undefined;
  readonly demo?: boolean | undefined;
  readonly discovery: boolean;
  readonly logLevel?: LogLevel | undefined;
  readonly logFormat?: LogFormat | undefined;
}

/** Runs until a signal ends it. */
export async function serve(context: Context, options: ServeOptions): Promise<ExitCode> {
  makeObjectsYoung();
  const outputs = context.outlive();
  const load = () => loadFor(context, { listen: options.listen });
  const loaded = load();
  const app = await createApp(loaded, {
    clock: context.clock,
    random: Math.random,
    environment: context.environment,
    homeDirectory: context.homeDirectory,
    version: context.version,
    load,
    demo: options.demo === true,
    discovery: options.discovery,
    collectGarbage,
    logLosses: () => outputs.stderr.losses,
  });
  // Before anything can be asked for: a signal in the first moments must not cut it off either.
  const stopped = untilStopped(context, app);
  const listening = await listen(app, loaded);
  // The reader of the ready line may change the file or send a signal the very next moment.
  const reloader = new Reloader({ app, clock: context.clock, loaded });
  reloader.start((signal, action) => context.onSignal(signal, action));
  const logger = loggerFor(context, { options, loaded: () => reloader.loaded, sink: outputs.stderr });
  const url = connectUrl(listening.host, listening.port);
  const greeting = { app, loaded, logger, output: outputs.stderr, url };
  const greeter = new Greeter(context, greeting, formatOf(context, options, loaded));
  const endLog = subscribeLog(app.events, greeter.logger);
  app.start();
  const removeRunFile = leaveRunFile(context, { app, loaded, listening, logger });
  if (context.options.json) {
    outputs.stdout.writePlain(`${JSON.stringify({ event: 'ready', url, pid: process.pid })}\n`);
  }
  await greeter.greet();
  let code: ExitCode = exitCodes.failed;
  try {
    code = await stopped;
    return code;
  } finally {
    reloader.close();
    removeRunFile();
    endLog();
    logger.flush();
    await lastLines(context, { outputs, code });
  }
}

/** Time for what is still to be written. Milliseconds. */
const lastLinesMs = 1_000;

/** Text that nothing reads would keep the process from ending: it is given a moment. */
async function lastLines(
  { clock, exitNow }: Context,
  about: { readonly outputs: LastingOutputs; readonly code: ExitCode },
): Promise<void> {
  const { stdout, stderr } = about.outputs;
  const timer = clock.setTimer(lastLinesMs, () => exitNow(about.code), { keepAlive: true });
  await Promise.all([stdout.written(), stderr.written()]);
  timer.cancel();
}

async function listen(app: App, loaded: LoadedConfig): Promise<Listening> {
  try {
    return await app.listen();
  } catch (thrown) {
    await app.destroy();
    throw await listenError(thrown, parseListen(loaded.config.server.listen) as Address);
  }
}

/** The first signal drains, the second ends the process at once. */
function untilStopped(context: Context, app: App): Promise<ExitCode> {
  return new Promise((resolve, reject) => {
    let isStopping = false;
    const stop = () => {
      if (isStopping) context.exitNow(exitCodes.interrupted);
      isStopping = true;
      app.close().then(() => resolve(exitCodes.ok), reject);
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) context.onSignal(signal, stop);
  });
}

interface LogSettings {
  readonly options: ServeOptions;
  readonly loaded: () => LoadedConfig;
  readonly sink: LogSink;
}

function loggerFor(context: Context, { options, loaded, sink }: LogSettings): Logger {
  const { quiet, verbose } = context.options;
  const asked = options.logLevel ?? (verbose ? 'debug' : quiet ? 'warn' : undefined);
  return createLogger({
    clock: context.clock,
    level: () => asked ?? loaded().config.logging.level,
    format: () => formatOf(context, options, loaded()),
    paint: context.stderr.paint,
    write: (text) => sink.write(text),
  });
}

function formatOf(context: Context, options: ServeOptions, { config }: LoadedConfig): LogFormat {
  return options.logFormat ?? config.logging.format ?? (context.stderr.isTty ? 'pretty' : 'json');
}

interface Started {
  readonly app: App;
  readonly loaded: LoadedConfig;
  readonly listening: Listening;
  readonly logger: Logger;
}

/** The other commands find the router by it; without one they resolve by themselves. */
function leaveRunFile(context: Context, { app, loaded, listening, logger }: Started): () => void {
  const directory = stateDirectory(context);
  try {
    return writeRunFile(directory, {
      pid: process.pid,
      port: listening.port,
      url: connectUrl(listening.host, listening.port),
      config: [...loaded.paths],
      admin_token: app.adminToken,
      started_at: context.clock.now(),
    });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    logger.log('warn', {
      event: 'state-unwritable',
      message: `${directory} cannot be written, so the other commands will not find this router: ${reason}`,
    });
    return () => undefined;
  }
}
