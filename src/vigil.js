#!/usr/bin/env node
// The `vigil` command. Node 20 does not run TypeScript by itself, so tsx is registered before the command line is loaded.
import { register } from "tsx/esm/api";

register();
await import("./cli.ts");
