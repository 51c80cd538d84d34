import {
  AlertChangesDocument,
  type AlertChangesSubscription,
  DecisionChangesDocument,
  type DecisionChangesSubscription,
  IncidentChangesDocument,
  type IncidentChangesSubscription,
  NotificationChangesDocument,
  type NotificationChangesSubscription,
} from "../generated/graphql.ts";
import { createFeed } from "./feed.ts";

export type IncidentChange = IncidentChangesSubscription["incidentEvents"];
export type AlertChange = AlertChangesSubscription["alertEvents"];
export type DecisionChange = DecisionChangesSubscription["decisionEvents"];
export type NotificationChange = NotificationChangesSubscription["notificationEvents"];

/** Each change of an incident. */
export const incidentFeed = createFeed(IncidentChangesDocument, (result) => result.incidentEvents);
/** Each step of an alert. */
export const alertFeed = createFeed(AlertChangesDocument, (result) => result.alertEvents);
/** Each decision that enforcers apply, and its end. */
export const decisionFeed = createFeed(DecisionChangesDocument, (result) => result.decisionEvents);
/** What the viewer is told. */
export const notificationFeed = createFeed(NotificationChangesDocument, (result) => result.notificationEvents);
