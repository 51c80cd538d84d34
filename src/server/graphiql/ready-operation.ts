export interface ReadyOperation {
  job: string;
  name: string;
  query: string;
  variables?: Record<string, unknown>;
}
