/** Opens everything once, straight down, and closes it in reverse. Entry points and tests both start here. */
import { openAccess } from "./access/access.ts";
import { audit } from "./access/audit.ts";
import { openSmtp } from "./alert/channels/smtp.ts";
import { sealAllPlainNumbers } from "./alert/numbers-tidy.ts";
import { routeAlerts } from "./alert/route-alerts.ts";
import { deliveryQueue, openAlerting } from "./alerting.ts";
import { openAuditTrail } from "./audit/trail.ts";
import { createBackfill } from "./backfill.ts";
import type { Config } from "./config.ts";
import { eraseOrganization } from "./database/erase-organization.ts";
import { checkMigrations, migrate } from "./database/migrate.ts";
import { createOrganization } from "./database/organizations.ts";
import { checkServerRole } from "./database/role.ts";
import { openDatabase, type Tx } from "./db.ts";
import { windowsPart } from "./detect/windows/part.ts";
import { sharedWindowsOfAll } from "./detect/windows/redis.ts";
import { createRedisLink } from "./detect/windows/redis-link.ts";
import { type EmbeddedPostgres, embeddedAddress, openEmbeddedPostgres } from "./embedded/postgres.ts";
import { loadSecrets } from "./embedded/secrets.ts";
import { VigilError } from "./errors.ts";
import { holdFeedback, teach, unlearning } from "./feedback.ts";
import { databasePart } from "./health/database-part.ts";
import { watchKeys } from "./health/keys-part.ts";
import { entriesOf } from "./incident/entry.ts";
import { refusalsOf, validateAll } from "./ingest/accept.ts";
import { openEnricher } from "./ingest/enrich/enricher.ts";
import { openLive } from "./live.ts";
import type { Log } from "./log.ts";
import { createMeasures } from "./measures.ts";
import { auditIngest, createPipeline } from "./pipeline.ts";
import { type Bells, openBells } from "./publish/bells.ts";
import { recordChanges, type Topic, topicsOf } from "./publish/change.ts";
import { createFeed } from "./publish/feed.ts";
import { createTail } from "./publish/tail.ts";
import { watchDepths } from "./queue/depth.ts";
import { answerHere, respondQueue, ringWorkers } from "./queue/doorbell.ts";
import { bulkQueue, sweepQueue } from "./queue/queue.ts";
import { createCaller } from "./respond/calls.ts";
import { createLists } from "./respond/list.ts";
import { createResponder } from "./respond/responder.ts";
import { createUserChecks } from "./respond/user-checks.ts";
import { cleanUp } from "./retention/clean-up.ts";
import { raiseBy, scoreDetections } from "./scores.ts";
import { loadKeyFile } from "./secrets/key-file.ts";
import { createKeyring } from "./secrets/keyring.ts";
import { createOpener } from "./secrets/opener.ts";
import { indexedColumns } from "./secrets/sealed-columns.ts";
import { createVault } from "./secrets/vault.ts";
import { prepareOrganizations, seedOrganization } from "./seed.ts";
import { createSelfWatch } from "./self-watch.ts";
import { createSweep } from "./sweep.ts";
import { watchParts } from "./watch-parts.ts";

export type App = Awaited<ReturnType<typeof openApp>>;

export async function openApp(config: Config, options: { log: Log; now?: () => number; poolSize?: number }) {
  const { log, now = Date.now } = options;
  const measures = createMeasures();
  const opened: { name: string; close(): Promise<void> }[] = [];
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      for (const part of opened.reverse())
        await part
          .close()
          .catch((error: Error) => log.error({ part: part.name, err: error.message }, "closing failed"));
    })();
    return closing;
  };

  try {
    const enricher = await openEnricher({ own: config.geoip, log, now });
    const secrets = await loadSecrets(config.dataDir);
    let embedded: EmbeddedPostgres | undefined;
    if (!config.databaseUrl) {
      embedded = await openEmbeddedPostgres(config.dataDir, secrets);
      opened.push({ name: "postgres", close: embedded.close });
    }
    const serverUrl = config.databaseUrl ?? (embedded as EmbeddedPostgres).serverUrl;
    const ownerUrl = config.ownerDatabaseUrl ?? embedded?.ownerUrl;
    const ownerFor = (what: string): string => {
      if (ownerUrl) return ownerUrl;
      throw new VigilError(
        "FORBIDDEN",
        `${what} an organization needs VIGIL_OWNER_DATABASE_URL, the URL of the tables' owner.`,
      );
    };
    if (ownerUrl) {
      const applied = await migrate(ownerUrl, serverUrl, config.ownerDatabaseUrl ? undefined : embeddedAddress);
      if (applied.length > 0) log.info({ migrations: applied.length, last: applied.at(-1) }, "database migrated");
    } else await checkMigrations(serverUrl);
    await checkServerRole(serverUrl, embedded && embeddedAddress);

    const db = openDatabase({ url: serverUrl, log, ...(options.poolSize ? { poolSize: options.poolSize } : {}) });
    opened.push({ name: "database", close: db.close });
    const keyService = createKeyring(config.encryptionKeys ?? (await loadKeyFile(config.dataDir)));
    const vault = createVault({
      db,
      service: keyService,
      now,
      onRotated: (tx, newKeyId) =>
        audit(tx, { actor: "vigil", action: "DATA_KEY_ROTATED", entityKind: "DataKey", entityId: newKeyId }),
    });
    const smtp = config.smtp && openSmtp(config.smtp);
    if (smtp) opened.push({ name: "smtp", close: async () => smtp.close() });
    if (smtp && !config.publicUrl)
      log.warn("SMTP_URL is set, but not VIGIL_PUBLIC_URL: sign-in links cannot be sent by e-mail");
    const secret = config.jwtSecret ?? secrets.jwtSecret;
    const access = openAccess({ db, config, vault, secret, sendEmail: smtp?.send, now, log });
    opened.push({ name: "access", close: access.close });
    await access.resealSecondFactors();
    const auditTrail = await openAuditTrail(config, { db, log, now });
    const firstSignIn = await prepareOrganizations(db, ownerUrl, now, log);
    await sealAllPlainNumbers(db, vault, now);
    const feedBells = openBells(config.redisUrl, log);
    opened.push({ name: "bells", close: feedBells.close });
    const { allowPrivateWebhooks: allowPrivate, publicUrl, ownAddresses } = config;
    const calls = answerHere(createCaller({ db, change, vault, allowPrivate, publicUrl, now, log }), log);
    opened.push({ name: "calls", close: calls.close });
    const feedback = { hold: holdFeedback, teach, unlearning };
    const asking = { change, vault, send: smtp?.send, publicUrl, ownAddresses, feedback, now, log };
    const userChecks = createUserChecks(asking);
    const questions = answerHere(userChecks.sendDue, log);
    opened.push({ name: "questions", close: questions.close });
    const ringOut = (id: string) => void [calls, questions].map(({ ring }) => ring(id));
    const responder = createResponder({ db, change, ownAddresses, canAsk: userChecks.canAsk, ringOut, now, log });
    const doorbell = config.redisUrl ? ringWorkers(config.redisUrl, log) : answerHere(responder.respond, log);
    opened.push({ name: "doorbell", close: doorbell.close });
    const bells: Bells = {
      ...feedBells,
      ring(organizationId, topic) {
        feedBells.ring(organizationId, topic);
        if (topic === "incident") doorbell.ring(organizationId);
        if (topic === "alert") alerting.ring(organizationId);
      },
    };
    const feed = createFeed(db, bells);
    const alerting = openAlerting({ config, db, change, vault, smtp, secret, now, log });
    opened.push({ name: "alerting", close: alerting.close });
    const redis = config.redisUrl ? createRedisLink(config.redisUrl, log) : undefined;
    if (redis) {
      opened.push({ name: "redis", close: redis.close });
      await redis.open();
    }
    const sharedWindows = redis && sharedWindowsOfAll(redis);
    const pipeline = createPipeline({
      db,
      bells,
      vault,
      log,
      now,
      enricher,
      onStored: measures.stored,
      onRefused: measures.refused,
      ...(sharedWindows ? { sharedWindows } : {}),
    });
    opened.push({ name: "pipeline", close: pipeline.drain });
    const { redisUrl, databaseUrl } = config;
    const depths = redisUrl
      ? watchDepths({ redisUrl }, [sweepQueue, bulkQueue, respondQueue, deliveryQueue], log)
      : databaseUrl && watchDepths({ postgresUrl: databaseUrl }, [sweepQueue, bulkQueue], log);
    if (depths) opened.push({ name: "depths", close: depths.close });
    const selfWatch = createSelfWatch({ db, change, pipeline, vault, alerting, redis, config, now, log });
    const live = openLive({ db, pipeline, connectionLimits: config.connectionLimits, redisUrl, now, log });
    opened.push({ name: "live", close: live.close });
    const { connections, gauges, history } = live;
    const openSealed = createOpener({ db, vault, log });

    async function change<T>(organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
      let topics = new Set<Topic>();
      const result = await db.inOrganization(organizationId, async (tx) => {
        const done = await work(tx);
        await routeAlerts(tx, entriesOf(tx), now());
        topics = topicsOf(tx);
        return done;
      });
      for (const topic of topics) bells.ring(organizationId, topic);
      return result;
    }

    const keysPart = watchKeys({ db, service: keyService, now, log });
    async function health() {
      const database = await databasePart(db);
      const keys = database.ok ? await keysPart() : undefined;
      const more = database.ok ? [keys, await selfWatch.part(), depths ? await depths.part() : undefined] : [];
      const windows = await windowsPart(redis, pipeline.rebuilds());
      const parts = [database, windows, live.part(), ...more.filter((part) => part !== undefined)];
      // Without Redis the server goes on in memory: it is degraded, and ready all the same.
      return { ok: parts.every((part) => part.ok), ready: database.ok && keys?.ready !== false, parts };
    }
    watchParts(measures, { pipeline, db, health, now });

    return {
      config,
      log,
      now,
      db,
      feed,
      gauges,
      measures,
      connections,
      metricHistory: history,
      tail: createTail(db, bells),
      enricher,
      pipeline,
      vault,
      keyService,
      embedded,
      /** The database as the server's own role. */
      serverUrl,
      /** The secret of the first administrator's sign-in link, on the very first start only. */
      firstSignIn,
      tokens: access.tokens,
      authenticator: access.authenticator,
      signIn: access.signIn,
      emailSignIn: access.emailSignIn,
      secondFactor: access.secondFactor,
      refused: access.refused,
      auditTrail,
      sweep: createSweep(db, {
        log,
        now,
        audit: auditTrail,
        vault,
        accept: pipeline.accept,
        change,
        respond: responder.sweep,
        deliver: async (id) => alerting.ring(id), // no job of the sweep waits for a receiver
        selfWatch,
      }),
      /** Validates and stores events as they were sent; every one is accepted, a duplicate, or rejected with its reason. */
      async ingest(organizationId: string, values: readonly unknown[], sender?: string, bytes?: number) {
        const { drafts, rejected } = await validateAll(values, now());
        const { refused, ...stored } = await pipeline.accept(organizationId, drafts, { sender, bytes });
        if (refused) rejected.push(...refusalsOf(refused, values.length, rejected));
        measures.rejected(rejected.length);
        if (sender !== undefined && drafts.length === 0)
          await db.inOrganization(organizationId, (tx) => auditIngest(tx, sender, 0));
        return { ...stored, rejected };
      },
      openSealed,
      /** Stores what rules would have detected in history that they have not seen, for half a minute at most. */
      backfill: createBackfill({
        db,
        vault,
        openSealed,
        now,
        score: scoreDetections,
        ring: (id) => bells.ring(id, "incident"),
      }),
      /** Threat scores that have passed a threshold raise open incidents, in the caller's transaction. */
      async raiseBy(tx: Tx, crossings: Parameters<typeof raiseBy>[1]): Promise<void> {
        const changes = await raiseBy(tx, crossings, now());
        if (changes.length > 0) await recordChanges(tx, changes);
      },
      patientIndexer: (organizationId: string) =>
        db.inOrganization(organizationId, (tx) => vault.indexer(tx, indexedColumns.patient)),
      /** One transaction of the organization; whoever follows its feeds is told after the commit. */
      change,
      /** Responds to what waits in the organization; harmless at any time. */
      respond: responder.respond,
      /** Channels of alerts, and what sends on them. */
      alerting,
      selfWatch,
      ownAddresses,
      lists: createLists(db),
      allowPrivateWebhooks: allowPrivate,
      userChecks,
      /** Counts or removes what is past the organization's retention policies. */
      cleanUp: (organizationId: string, request: { actor: string; dryRun: boolean }) =>
        cleanUp({ db, log, now: now(), cutAudit: auditTrail.cut }, organizationId, request),
      /** An organization of its own tables' worth: made by the owner, with the built-in rules. */
      async createOrganization(slug: string, name: string): Promise<string> {
        const id = await createOrganization(ownerFor("Making"), slug, name);
        await seedOrganization(db, id, now(), log);
        return id;
      },
      /** Removes the organization and all it has; cannot be undone. */
      eraseOrganization: async (organization: { id: string; slug: string }) =>
        eraseOrganization(ownerFor("Erasing"), organization, { now: now() }),
      async organizationBySlug(slug: string): Promise<string> {
        const id = await db.organizationIdBySlug(slug);
        if (!id)
          throw new VigilError(
            "NOT_FOUND",
            `There is no organization "${slug}". Make it with: vigil org create ${slug}`,
          );
        return id;
      },
      health,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
