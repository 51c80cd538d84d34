/** What a mail server's codes say of an address: reply codes of RFC 5321, enhanced status codes of RFC 3463. Pure. */

/** The address is not there, cannot be there, or has moved; of a null MX (RFC 7505), of a mailbox that is shut. */
const ofAddress: ReadonlySet<string> = new Set(["5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"]);

const meanings: Readonly<Record<string, string>> = {
  "5.1.0": "the address is refused",
  "5.1.1": "there is no such mailbox",
  "5.1.2": "there is no such domain",
  "5.1.3": "it is no valid address",
  "5.1.6": "the mailbox has moved",
  "5.1.10": "the domain takes no e-mail",
  "5.2.1": "the mailbox takes nothing any more",
  "5.2.2": "the mailbox is full",
  "5.2.3": "it is too long for the mailbox",
  "5.4.7": "it was tried for too long",
  "5.7.1": "a rule of the receiver refuses it",
};

/** The enhanced status code at the head of a reply, such as `550 5.1.1 …`. */
export const enhancedOf = (reply: string): string | undefined =>
  /^[245]\d\d[ -]([245]\.\d{1,3}\.\d{1,3})(?!\S)/.exec(reply)?.[1];

/** With its meaning where it is a common one. */
export const sayStatus = (status: string): string =>
  meanings[status] === undefined ? status : `${status}, ${meanings[status]}`;

/** Whether an address is never to be tried again, by the status that a report or a reply gives. */
export const isOfAddress = (status: string): boolean => ofAddress.has(status);

/**
 * The same of a reply while sending. An enhanced code says whose fault it is: the address's, or a full mailbox's, or ours (a
 * policy). Without one a refused recipient (5xx to RCPT TO) is the address's. What is refused later may be what the e-mail
 * says, in which whoever attacks has a word: no address is given up for that.
 */
export function refusesAddress(reply: { code: number; enhanced: string | undefined; toRecipient: boolean }): boolean {
  const { code, enhanced, toRecipient } = reply;
  if (code < 500) return false;
  if (enhanced !== undefined) return isOfAddress(enhanced);
  return toRecipient && code !== 552;
}
