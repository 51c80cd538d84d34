/** The words of the e-mail that carries a sign-in link. It names no patient, no incident and no other person. */
export function signInEmail(input: { organization: string; url: string; minutes: number }): {
  subject: string;
  text: string;
  html: string;
} {
  const { organization, url, minutes } = input;
  const intro = `Somebody, probably you, asked to sign in to Vigil as a user of ${organization}.`;
  const how = `The link works once, within ${minutes} minutes.`;
  const otherwise = "If it was not you, there is nothing to do: without this link nobody is signed in.";
  const [shown, target] = [intro, url].map(escape);
  return {
    subject: "Sign in to Vigil",
    text: `${intro}\n\n${url}\n\n${how}\n${otherwise}\n`,
    html: `<!doctype html><html lang="en"><body style="font: 16px/1.5 sans-serif">
<p>${shown}</p>
<p><a href="${target}">Sign in to Vigil</a></p>
<p>${how}<br>${otherwise}</p>
</body></html>
`,
  };
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
