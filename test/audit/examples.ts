/** Input with which each mutation succeeds, where the least that its types take does not: made by an administrator. */
import { v7 } from "uuid";
import { ensureUser } from "../../src/access/users.ts";
import type { TestServer } from "../support/server.ts";
import { ask } from "./asking.ts";

/** A token of an administrator of that e-mail address. */
export async function person(
  server: TestServer,
  email: string,
  role: "ADMIN" | "RESPONDER" | "ANALYST" | "VIEWER" | "AUDITOR" = "ADMIN",
): Promise<string> {
  const user = { email, name: email, role, now: Date.now() };
  const userId = await server.app.db.inOrganization(server.ours, (tx) => ensureUser(tx, user));
  return server.app.tokens.sign({ organizationId: server.ours, userId, name: email, role }, 600);
}

/** By the mutation's name; `admin`: the token of whoever makes what it works on. */
export function examplesOf(server: TestServer, admin: string): Record<string, () => Promise<object>> {
  async function incident(): Promise<string> {
    await server.failLogins(`user-${v7()}`, { times: 12, from: `198.51.100.${Math.floor(Math.random() * 250)}` });
    const { data } = await ask(server, "{ incidents(first: 1) { nodes { id } } }");
    return data.incidents.nodes[0].id;
  }

  /** A detection in no incident: its rule is in MONITOR. */
  async function sign(): Promise<string> {
    const action = v7();
    const yaml = `title: ${action}\nlogsource:\n  product: walk\ndetection:\n  s:\n    action: ${action}\n  condition: s\nlevel: low\n`;
    const load =
      "mutation ($yaml: String!) { alertRulesImport(input: { yaml: $yaml, mode: MONITOR }) { userErrors { message } } }";
    await ask(server, load, { yaml });
    await server.ingest(JSON.stringify({ action, logsource: { product: "walk" } }));
    const { data } = await ask(server, "{ detections(first: 1, filter: { mode: { eq: MONITOR } }) { nodes { id } } }");
    return data.detections.nodes[0].id;
  }

  async function resolved(): Promise<string> {
    const id = await incident();
    const resolve =
      'mutation ($id: ID!) { incidentResolve(id: $id, input: { resolution: BENIGN, reason: "walked" }) { cursor } }';
    await ask(server, resolve, { id });
    return id;
  }

  /** An action that another person asked for and that waits. */
  async function waitingAction(): Promise<string> {
    const respond =
      'mutation ($id: ID!) { incidentRespond(id: $id, input: { type: SUSPEND_USER, target: "walked", reason: "walked" }) { action { id } } }';
    const { data } = await ask(
      server,
      respond,
      { id: await incident() },
      { as: await person(server, "asker@clinic.example") },
    );
    return data.incidentRespond.action.id;
  }

  async function responseRule(): Promise<string> {
    const create =
      "mutation ($name: String!) { responseRuleCreate(input: { name: $name, actions: [{ type: NOTIFY_ADMIN }] }) { responseRule { id } } }";
    const { data } = await ask(server, create, { name: v7() });
    return data.responseRuleCreate.responseRule.id;
  }

  async function responseWebhook(): Promise<string> {
    const create =
      'mutation ($name: String!) { responseWebhookCreate(input: { name: $name, url: "https://198.51.99.7/walked" }) { responseWebhook { id } } }';
    const { data } = await ask(server, create, { name: v7() });
    return data.responseWebhookCreate.responseWebhook.id;
  }

  async function alertRoute(): Promise<string> {
    const create = "mutation ($name: String!) { alertRouteCreate(input: { name: $name }) { alertRoute { id } } }";
    const { data } = await ask(server, create, { name: v7() });
    return data.alertRouteCreate.alertRoute.id;
  }

  let monthsBack = 0; // a pack that is signed stays as it is
  const aMonth = (): string => {
    const today = new Date();
    return new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - ++monthsBack, 1)).toISOString().slice(0, 7);
  };
  const emergency = { input: { reason: "An emergency of the walk", minutes: 5 } };

  const examples: Record<string, () => Promise<object>> = {
    securityEventsIngest: async () => ({ input: { events: [{ action: "walk" }] } }),
    alertRulesImport: async () => ({
      input: {
        mode: "MONITOR",
        yaml: "title: Walked\nlogsource:\n  product: walk\ndetection:\n  sel:\n    action: walked\n  condition: sel\nlevel: low\n",
      },
    }),
    alertRuleTest: async () => ({
      input: {
        yaml: "title: Walked\nlogsource:\n  product: walk\ndetection:\n  sel:\n    action: walked\n  condition: sel\n",
        events: [{ action: "walked" }],
      },
    }),
    usersImport: async () => ({ input: { rows: [{ name: "walked", roles: ["nurse"] }] } }),
    alertRuleBackfill: async () => {
      const { data } = await ask(
        server,
        "{ alertRules(first: 1, filter: { kind: { eq: CORRELATION } }) { nodes { id } } }",
      );
      const range = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };
      return { input: { ruleId: data.alertRules.nodes[0].id, range } };
    },
    incidentAcknowledge: async () => ({ id: await incident(), input: {} }),
    incidentResolve: async () => ({ id: await incident(), input: { resolution: "BENIGN", reason: "walked" } }),
    incidentCreate: async () => ({ input: { title: "Walked", severity: "LOW", description: "walked" } }),
    incidentInvestigate: async () => ({ id: await incident(), input: {} }),
    incidentContain: async () => ({ id: await incident(), input: { reason: "walked" } }),
    incidentClose: async () => ({ id: await resolved(), input: {} }),
    incidentReopen: async () => ({ id: await resolved(), input: { reason: "walked" } }),
    incidentAssign: async () => ({ id: await incident(), input: { assignee: "walker@clinic.example" } }),
    incidentComment: async () => ({ id: await incident(), input: { body: "walked" } }),
    incidentRespond: async () => ({
      id: await incident(),
      input: { type: "INCREASE_MONITORING", target: "walked", reason: "walked" },
    }),
    incidentActionApprove: async () => ({ id: await waitingAction() }),
    incidentActionReject: async () => ({ id: await waitingAction(), input: { reason: "walked" } }),
    incidentActionRevert: async () => ({ id: await waitingAction(), input: { reason: "walked" } }),
    incidentAskUser: async () => {
      const user = `${v7()}@clinic.example`;
      const create =
        'mutation ($user: String!) { incidentCreate(input: { title: "Walked", severity: LOW, description: "walked", subjects: [{ kind: USER, key: $user }] }) { incident { id } } }';
      const { data } = await ask(server, create, { user });
      return { id: data.incidentCreate.incident.id, input: { user } };
    },
    responseRuleCreate: async () => ({ input: { name: v7(), actions: [{ type: "NOTIFY_ADMIN" }] } }),
    responseRuleUpdate: async () => ({ id: await responseRule(), input: { mode: "DISABLED" } }),
    responseRuleRestore: async () => ({ id: await responseRule(), revision: 1 }),
    responseWebhookCreate: async () => ({ input: { name: v7(), url: "https://198.51.99.7/walked" } }),
    responseWebhookUpdate: async () => ({ id: await responseWebhook(), input: { rotateSecret: true } }),
    responseWebhookDelete: async () => ({ id: await responseWebhook() }),
    responseRuleDelete: async () => ({ id: await responseRule() }),
    responseBreakerResume: async () => {
      await server.database.asOwner("UPDATE organizations SET breaker_opened_at = now(), breaker_reason = 'walked'");
      return { reason: "walked" };
    },
    incidentTaskAdd: async () => ({ id: await incident(), input: { text: "walk" } }),
    incidentTaskFinish: async () => {
      const add =
        'mutation ($id: ID!) { incidentTaskAdd(id: $id, input: { text: "walk" }) { incident { tasks { id } } } }';
      const { data } = await ask(server, add, { id: await incident() });
      return { id: data.incidentTaskAdd.incident.tasks[0].id };
    },
    incidentEvidenceAdd: async () => ({ id: await incident(), input: { note: "walked" } }),
    incidentMerge: async () => {
      const id = await incident();
      return { id, input: { intoId: await incident(), reason: "walked" } };
    },
    incidentUnmerge: async () => {
      const id = await incident();
      const merge =
        "mutation ($id: ID!, $input: IncidentMergeInput!) { incidentMerge(id: $id, input: $input) { cursor } }";
      await ask(server, merge, { id, input: { intoId: await incident(), reason: "walked" } });
      return { id, input: {} };
    },
    decisionCreate: async () => ({ input: { type: "BLOCK_IP", scope: "IP", value: "203.0.113.7", reason: "walked" } }),
    decisionRevoke: async () => {
      const create =
        'mutation { decisionCreate(input: { type: BLOCK_IP, scope: IP, value: "203.0.113.8", reason: "walk" }) { decision { id } } }';
      const { data } = await ask(server, create, {});
      return { id: data.decisionCreate.decision.id, input: { reason: "walked" } };
    },
    incidentsUpdate: async () => ({ ids: [await incident()], input: { move: "ACKNOWLEDGE" } }),
    savedFilterSave: async () => ({ input: { name: "Walked", filter: {} } }),
    savedFilterDelete: async () => {
      const save = 'mutation { savedFilterSave(input: { name: "Walk", filter: {} }) { savedFilter { id } } }';
      const { data } = await ask(server, save, {}, { as: admin });
      return { id: data.savedFilterSave.savedFilter.id };
    },
    reviewPackCreate: async () => ({ input: { month: aMonth() } }),
    reviewPackSign: async () => {
      const document =
        "mutation ($input: ReviewPackCreateInput!) { reviewPackCreate(input: $input) { reviewPack { id } } }";
      const { data } = await ask(server, document, { input: { month: aMonth() } });
      return { id: data.reviewPackCreate.reviewPack.id, input: { note: "walked" } };
    },
    breakGlassStart: async () => emergency,
    breakGlassReview: async () => {
      const document =
        "mutation ($input: BreakGlassStartInput!) { breakGlassStart(input: $input) { breakGlassUse { id } } }";
      const { data } = await ask(server, document, emergency, { as: await person(server, "another@clinic.example") });
      return { id: data.breakGlassStart.breakGlassUse.id, input: { outcome: "JUSTIFIED", note: "walked" } };
    },
  };

  /** What an administrator makes first, so that a mutation has something to work on. */
  async function made(document: string, input: object, path: (data: never) => string): Promise<string> {
    const { data, errors } = await ask(server, document, { input }, { as: admin });
    if (errors) throw new Error(JSON.stringify(errors));
    return path(data as never);
  }
  const madeUser = (): Promise<string> =>
    made(
      "mutation ($input: UserCreateInput!) { userCreate(input: $input) { user { id } } }",
      { email: `${v7()}@clinic.example`, name: "Walked", role: "VIEWER" },
      ({ userCreate }: { userCreate: { user: { id: string } } }) => userCreate.user.id,
    );
  const madeDashboard = (): Promise<string> =>
    made(
      "mutation ($input: DashboardCreateInput!) { dashboardCreate(input: $input) { dashboard { id } } }",
      { name: v7() },
      ({ dashboardCreate }: { dashboardCreate: { dashboard: { id: string } } }) => dashboardCreate.dashboard.id,
    );
  const widget = { kind: "LINE", title: "Walked" };
  async function madeNotification(): Promise<string> {
    const id = v7();
    await server.database.asOwner(
      `INSERT INTO security_notifications (organization_id, id, user_id, kind, priority, title, body)
       SELECT organization_id, $1, id, 'walk', 'NORMAL', 'Walk', 'On' FROM users WHERE email = 'walker@clinic.example'`,
      [id],
    );
    return Buffer.from(`Notification:${id}`).toString("base64");
  }

  const madeWidget = async (): Promise<string> =>
    made(
      "mutation ($input: WidgetCreateInput!) { widgetCreate(input: $input) { widget { id } } }",
      { ...widget, dashboardId: await madeDashboard() },
      ({ widgetCreate }: { widgetCreate: { widget: { id: string } } }) => widgetCreate.widget.id,
    );
  const silence = () => ({
    matchers: [{ field: "TITLE", operator: "EQUALS", value: "Walked" }],
    reason: "Only the walk",
    endsAt: new Date(Date.now() + 3_600_000).toISOString(),
  });
  const inhibition = () => ({
    name: v7(),
    source: [{ field: "TAG", operator: "EQUALS", value: "walked" }],
    target: [{ field: "TITLE", operator: "EQUALS", value: "Walked" }],
  });
  const policy = () => ({ name: v7(), steps: [{ delaySeconds: 60, tell: [{ role: "ADMIN" }] }] });
  const schedule = async () => ({
    name: v7(),
    timeZone: "UTC",
    layers: [{ name: "Walk", userIds: [await madeUser()], startsOn: "2026-01-01" }],
  });
  const override = async () => ({
    scheduleId: await setUp("onCallSchedule", await schedule()),
    userId: await madeUser(),
    startsAt: new Date().toISOString(),
    endsAt: new Date(Date.now() + 3_600_000).toISOString(),
  });
  /** A setting of alerting; its input and its mutation are named after it. */
  const setUp = (noun: string, input: object): Promise<string> =>
    made(
      `mutation ($input: ${noun[0]?.toUpperCase()}${noun.slice(1)}Input!) { ${noun}Create(input: $input) { ${noun} { id } } }`,
      input,
      (data: Record<string, Record<string, { id: string }>>) => data[`${noun}Create`]?.[noun]?.id as string,
    );
  const template = () => ({ name: v7(), channelKind: "EMAIL", body: "{{ incident.name }}" });
  const walkedChannel = () => ({ name: v7(), kind: "EMAIL", email: { to: ["walk@clinic.example"] }, test: false });
  const madeChannel = (): Promise<string> =>
    made(
      "mutation ($input: AlertChannelCreateInput!) { alertChannelCreate(input: $input) { alertChannel { id } } }",
      walkedChannel(),
      ({ alertChannelCreate }: { alertChannelCreate: { alertChannel: { id: string } } }) =>
        alertChannelCreate.alertChannel.id,
    );
  const madeTemplate = (): Promise<string> =>
    made(
      "mutation ($input: AlertTemplateCreateInput!) { alertTemplateCreate(input: $input) { alertTemplate { id } } }",
      template(),
      ({ alertTemplateCreate }: { alertTemplateCreate: { alertTemplate: { id: string } } }) =>
        alertTemplateCreate.alertTemplate.id,
    );
  const walkedRule = (): string =>
    `title: Walked ${v7()}\nlogsource:\n  product: walk\ndetection:\n  sel:\n    action: walked\n  condition: sel\nlevel: low\n`;
  const madeRule = (): Promise<string> =>
    made(
      "mutation ($input: AlertRuleCreateInput!) { alertRuleCreate(input: $input) { alertRule { id } } }",
      { yaml: walkedRule(), mode: "MONITOR" },
      ({ alertRuleCreate }: { alertRuleCreate: { alertRule: { id: string } } }) => alertRuleCreate.alertRule.id,
    );
  const exceptionOf = (ruleId: string): object => ({
    ruleId,
    name: "Walked",
    yaml: "filter:\n  sel:\n    user.name: walker\n  condition: not sel\n",
    reason: "It is only the walk",
  });
  const madeException = async (): Promise<string> =>
    made(
      "mutation ($input: AlertRuleExceptionCreateInput!) { alertRuleExceptionCreate(input: $input) { alertRuleException { id } } }",
      exceptionOf(await madeRule()),
      ({
        alertRuleExceptionCreate: { alertRuleException },
      }: {
        alertRuleExceptionCreate: { alertRuleException: { id: string } };
      }) => alertRuleException.id,
    );
  Object.assign(examples, {
    alertRuleCreate: async () => ({ input: { yaml: walkedRule(), mode: "MONITOR" } }),
    alertRuleUpdate: async () => ({ id: await madeRule(), input: { mode: "DISABLED" } }),
    alertRuleDelete: async () => ({ id: await madeRule() }),
    alertRuleRestore: async () => ({ id: await madeRule(), revision: 1 }),
    alertRuleExceptionCreate: async () => ({ input: exceptionOf(await madeRule()) }),
    alertRuleExceptionDelete: async () => ({ id: await madeException() }),
    rulePlaceholderDelete: async () => {
      const document = 'mutation { rulePlaceholderSet(name: "walked", values: ["a"]) { userErrors { message } } }';
      await ask(server, document, {}, { as: admin });
      return { name: "walked" };
    },
    alertChannelCreate: async () => ({ input: walkedChannel() }),
    alertChannelUpdate: async () => ({ id: await madeChannel(), input: { coveredByBaa: true } }),
    alertChannelDelete: async () => ({ id: await madeChannel() }),
    alertTestSend: async () => ({ channelId: await madeChannel() }),
    alertTemplateCreate: async () => ({ input: template() }),
    alertTemplateUpdate: async () => ({ id: await madeTemplate(), input: { body: "Walked on" } }),
    alertTemplateDelete: async () => ({ id: await madeTemplate() }),
    alertRouteCreate: async () => ({ input: { name: v7() } }),
    alertRouteUpdate: async () => ({ id: await alertRoute(), input: { goesOn: true } }),
    alertRouteDelete: async () => ({ id: await alertRoute() }),
    alertInhibitionCreate: async () => ({ input: inhibition() }),
    alertInhibitionUpdate: async () => ({
      id: await setUp("alertInhibition", inhibition()),
      input: { equal: ["RULE"] },
    }),
    alertInhibitionDelete: async () => ({ id: await setUp("alertInhibition", inhibition()) }),
    escalationPolicyCreate: async () => ({ input: policy() }),
    escalationPolicyUpdate: async () => ({ id: await setUp("escalationPolicy", policy()), input: { repeats: 1 } }),
    escalationPolicyDelete: async () => ({ id: await setUp("escalationPolicy", policy()) }),
    onCallScheduleCreate: async () => ({ input: await schedule() }),
    onCallScheduleUpdate: async () => ({ id: await setUp("onCallSchedule", await schedule()), input: { name: v7() } }),
    onCallScheduleDelete: async () => ({ id: await setUp("onCallSchedule", await schedule()) }),
    onCallOverrideCreate: async () => ({ input: await override() }),
    onCallOverrideDelete: async () => ({
      id: await made(
        "mutation ($input: OnCallOverrideInput!) { onCallOverrideCreate(input: $input) { onCallSchedule { overrides { id } } } }",
        await override(),
        ({
          onCallOverrideCreate: { onCallSchedule },
        }: {
          onCallOverrideCreate: { onCallSchedule: { overrides: { id: string }[] } };
        }) => onCallSchedule.overrides[0]?.id as string,
      ),
    }),
    onCallCalendarRenew: async () => ({ id: await setUp("onCallSchedule", await schedule()) }),
    onCallCalendarRevoke: async () => ({ id: await setUp("onCallSchedule", await schedule()) }),
    silenceCreate: async () => ({ input: silence() }),
    silenceExpire: async () => ({
      id: await made(
        "mutation ($input: SilenceCreateInput!) { silenceCreate(input: $input) { silence { id } } }",
        silence(),
        ({ silenceCreate }: { silenceCreate: { silence: { id: string } } }) => silenceCreate.silence.id,
      ),
    }),
    alertsRetry: async () => ({ input: { filter: {} } }),
    apiKeyRevoke: async () => ({
      id: await made(
        "mutation ($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) { apiKey { id } } }",
        { name: "walked", role: "INGEST" },
        ({ apiKeyCreate }: { apiKeyCreate: { apiKey: { id: string } } }) => apiKeyCreate.apiKey.id,
      ),
    }),
    entityUpdate: async () => {
      await incident();
      return { kind: "ORGANIZATION", key: "", input: { criticality: 2 } };
    },
    detectionJudge: async () => ({ id: await sign(), input: { resolution: "BENIGN" } }),
    detectionJudgeUndo: async () => {
      const id = await sign();
      await ask(
        server,
        "mutation ($id: ID!) { detectionJudge(id: $id, input: { resolution: TRUE_POSITIVE }) { userErrors { message } } }",
        { id },
      );
      return { id };
    },
    feedbackUndo: async () => {
      const id = await incident();
      const input = { resolution: "FALSE_POSITIVE", reason: "walked" };
      const document =
        "mutation ($id: ID!, $input: IncidentResolveInput!) { incidentResolve(id: $id, input: $input) { userErrors { message } } }";
      await ask(server, document, { id, input });
      const { data } = await ask(
        server,
        '{ entity(kind: ORGANIZATION, key: "") { feedback(first: 1) { nodes { id } } } }',
      );
      return { id: data.entity.feedback.nodes[0].id };
    },
    retentionPolicyUpdate: async () => ({ input: { class: "EVENTS", days: 60 } }),
    userCreate: async () => ({ input: { email: `${v7()}@clinic.example`, name: "Walked", role: "VIEWER" } }),
    userContactUpdate: async () => ({ id: await madeUser(), input: { phone: "+15125550199" } }),
    viewerContactUpdate: async () => ({ input: { timeZone: "America/Chicago" } }),
    userUpdate: async () => ({ id: await madeUser(), input: { name: "Walked on" } }),
    userSuspend: async () => ({ id: await madeUser() }),
    dashboardUpdate: async () => ({ id: await madeDashboard(), input: { name: v7() } }),
    dashboardDelete: async () => ({ id: await madeDashboard() }),
    dashboardLayoutUpdate: async () => {
      const dashboardId = await madeDashboard();
      const widgetId = await made(
        "mutation ($input: WidgetCreateInput!) { widgetCreate(input: $input) { widget { id } } }",
        { ...widget, dashboardId },
        ({ widgetCreate }: { widgetCreate: { widget: { id: string } } }) => widgetCreate.widget.id,
      );
      return { id: dashboardId, places: [{ widgetId, x: 0, y: 0, width: 4, height: 4 }] };
    },
    notificationMarkRead: async () => ({ id: await madeNotification() }),
    notificationMarkUnread: async () => ({ id: await madeNotification() }),
    notificationPreferenceSet: () => ({ input: { kind: "digest.weekly", inApp: false } }),
    widgetCreate: async () => ({ input: { ...widget, dashboardId: await madeDashboard() } }),
    widgetUpdate: async () => ({ id: await madeWidget(), input: { title: "Walked on" } }),
    widgetDelete: async () => ({ id: await madeWidget() }),
  });

  return examples;
}
