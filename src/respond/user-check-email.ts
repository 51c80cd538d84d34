/** The words of the e-mail that asks "was this you?". It names no patient, no incident and nothing of what was found. */
export function userCheckEmail({ organization, url }: { organization: string; url: string }): {
  subject: string;
  text: string;
  html: string;
} {
  const intro = `Something was done with your account at ${organization} that is unusual for you. Was this you?`;
  const how = "The link works once, within 24 hours. It never asks for a password.";
  const [shown, target] = [intro, url].map((text) =>
    text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`),
  );
  return {
    subject: "Was this you?",
    text: `${intro}\n\n${url}\n\n${how}\n`,
    html: `<!doctype html><html lang="en"><body style="font: 16px/1.5 sans-serif">
<p>${shown}</p>
<p><a href="${target}">Answer</a></p>
<p>${how}</p>
</body></html>
`,
  };
}
