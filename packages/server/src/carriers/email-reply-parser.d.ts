/** What is used of the library, which brings no types. */
declare module 'email-reply-parser' {
  export default class EmailReplyParser {
    read(text: string): { getVisibleText(): string; getQuotedText(): string }
  }
}
