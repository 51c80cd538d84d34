# syntax=docker/dockerfile:1
# One image for the server, the worker and every command: `docker run … vigil start | worker | migrate | doctor | …`.
FROM node:24-bookworm-slim AS build
WORKDIR /app
ENV NPM_CONFIG_UPDATE_NOTIFIER=false
# Packages change less often than sources: they are a layer of their own.
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm rebuild && npm run prepare && npm prune --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf /app/.git /app/test /app/bench

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 VIGIL_DATA_DIR=/data
RUN mkdir /data && chown node:node /data && chmod 700 /data
COPY --from=build /app /app
USER node
VOLUME /data
EXPOSE 4000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "src/vigil.js"]
CMD ["start"]
