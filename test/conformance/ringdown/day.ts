import type { Dice } from '../../support/dice.ts'
import type { World } from '../../support/world.ts'

interface Person {
  readonly sid: string
  readonly identity: string
  readonly team: string
}

type Form = Record<string, string | string[]>

/** A day of a contact center, as dice have it: everything that its people, its customers and its programs do. */
export class Day {
  readonly workspace_sid: string
  readonly #people = new Map<string, Person>()
  readonly #dice: Dice
  #here: World
  #workflow = ''
  #queues: { readonly sid: string; readonly topic: string }[] = []
  #named = 0
  done = 0
  refused = 0

  private constructor(here: World, dice: Dice, workspace_sid: string) {
    this.#here = here
    this.#dice = dice
    this.workspace_sid = workspace_sid
  }

  static async begin(here: World, dice: Dice): Promise<Day> {
    const { taskrouterWorkspaceSid } = await here.client.flexApi.v1.configuration().fetch()
    const day = new Day(here, dice, taskrouterWorkspaceSid)
    await day.#furnish()
    return day
  }

  async #furnish(): Promise<void> {
    const available = await this.#available()
    const teams = { ada: 'red', bob: 'red', cem: 'blue', dan: 'blue', eve: 'red', sam: '', nora: '' }
    for (const [name, team] of Object.entries(teams)) {
      const skills = name === 'ada' || name === 'cem' ? ['support', 'sales'] : name === 'bob' ? ['support'] : ['sales']
      const sid = (
        await this.#make('/Workers', {
          FriendlyName: name,
          Attributes: this.#attributes(name, team, skills),
          ActivitySid: ['sam', 'nora', 'eve'].includes(name) ? '' : available
        })
      ).sid
      this.#people.set(name, { sid, identity: name, team })
      for (const channel of ['sms', 'chat', 'default'])
        await this.#post(this.#floor(`/Workers/${sid}/Channels/${channel}`), { Capacity: '2' })
    }
    for (const topic of ['support', 'sales']) {
      const form = { FriendlyName: topic, TargetWorkers: `skills HAS '${topic}'`, MaxReservedWorkers: '2' }
      this.#queues.push({ sid: (await this.#make('/TaskQueues', form)).sid, topic })
    }
    const form = { FriendlyName: 'Main', TaskReservationTimeout: '20', Configuration: this.#configuration(0) }
    this.#workflow = (await this.#make('/Workflows', form)).sid
  }

  #attributes(name: string, team: string, skills: readonly string[]): string {
    return JSON.stringify({ skills, contact_uri: `client:${name}`, ...(team && { team_name: team }) })
  }

  /** Two queues one after the other, in either order. */
  #configuration(turn: number): string {
    const [first, second] = turn % 2 === 0 ? this.#queues : [...this.#queues].reverse()
    const targets = [
      { queue: first?.sid, timeout: 60 },
      { queue: second?.sid, priority: 5, timeout: 600 }
    ]
    const other = [
      { queue: second?.sid, timeout: 60 },
      { queue: first?.sid, timeout: 900 }
    ]
    return JSON.stringify({
      task_routing: {
        filters: [{ filter_friendly_name: 'Sales', expression: "topic == 'sales'", targets: other }],
        default_filter: { queue: first?.sid },
        ...(turn % 3 === 0 && {
          filters: [
            { filter_friendly_name: 'Sales', expression: "topic == 'sales'", targets: other },
            { filter_friendly_name: 'All', expression: '1 == 1', targets }
          ]
        })
      }
    })
  }

  worker(name: string): Person {
    const person = this.#people.get(name)
    if (!person) throw new Error(`nobody is called ${name}`)
    return person
  }

  of(team: string): Person[] {
    return [...this.#people.values()].filter((person) => person.team === team)
  }

  /** Goes on at a server that was started anew. */
  goOn(here: World): void {
    this.#here = here
  }

  /** What everybody hears, and what happened before is heard before. */
  async mark(name: string): Promise<void> {
    await this.#post(`/taskrouter/v1/Workspaces/${this.workspace_sid}`, { FriendlyName: name })
  }

  async act(times: number): Promise<void> {
    for (let n = 0; n < times; n++) await this.#dice.of(deeds)(this)
  }

  // What happens

  async workerMoves(): Promise<void> {
    const { sid } = this.#agent()
    const activities = await this.#list('/Activities', 'activities')
    await this.#post(this.#floor(`/Workers/${sid}`), { ActivitySid: this.#dice.of(activities).sid })
  }

  async workerIsBack(): Promise<void> {
    await this.#post(this.#floor(`/Workers/${this.#agent().sid}`), { ActivitySid: await this.#available() })
  }

  async workerLearns(): Promise<void> {
    const { sid, identity, team } = this.#agent()
    const skills = ['support', 'sales'].filter(() => this.#dice.chance(70))
    await this.#post(this.#floor(`/Workers/${sid}`), { Attributes: this.#attributes(identity, team, skills) })
  }

  async workerIsRenamed(): Promise<void> {
    await this.#post(this.#floor(`/Workers/${this.#agent().sid}`), { FriendlyName: this.#name('worker') })
  }

  async newcomer(): Promise<void> {
    const name = this.#name('newcomer')
    const { sid } = await this.#make('/Workers', { FriendlyName: name, Attributes: '{"skills":[]}' })
    if (sid && this.#dice.chance(50)) await this.#delete(this.#floor(`/Workers/${sid}`))
  }

  async customerWrites(): Promise<void> {
    const address = `+3725550${String(1000 + this.#named++).slice(-4)}`
    const { body } = await this.#post('/conversations/v1/Conversations', { FriendlyName: this.#name('contact') })
    const conversation = `/conversations/v1/Conversations/${body.sid}`
    const binding = { 'MessagingBinding.Address': address, 'MessagingBinding.ProxyAddress': '+37260000' }
    await this.#post(`${conversation}/Participants`, binding)
    await this.#post(`${conversation}/Messages`, { Author: address, Body: this.#name('Hello') })
    const attributes = { topic: this.#dice.of(['support', 'sales']) }
    const { workspace_sid } = this
    const properties = { workspace_sid, workflow_sid: this.#workflow, task_channel_unique_name: 'sms', attributes }
    await this.#post('/flex-api/v1/Interactions', {
      Channel: JSON.stringify({
        type: 'sms',
        initiated_by: 'customer',
        properties: { media_channel_sid: body.sid }
      }),
      Routing: JSON.stringify({ properties })
    })
  }

  async taskComes(): Promise<void> {
    const attributes = JSON.stringify({ topic: this.#dice.of(['support', 'sales', 'other']) })
    await this.#post(this.#floor('/Tasks'), { WorkflowSid: this.#workflow, Attributes: attributes })
  }

  async taskChanges(): Promise<void> {
    const task = await this.#task()
    const forms: Form[] = [
      { Priority: String(this.#dice.roll(9)) },
      { Attributes: JSON.stringify({ topic: 'sales', note: this.#name('note') }) },
      { AssignmentStatus: 'canceled', Reason: 'spam' }
    ]
    if (!task) return
    if (this.#dice.chance(15)) await this.#delete(this.#floor(`/Tasks/${task.sid}`))
    else await this.#post(this.#floor(`/Tasks/${task.sid}`), this.#dice.of(forms))
  }

  async offerIsAnswered(): Promise<void> {
    const answers = ['accepted', 'accepted', 'accepted', 'rejected']
    await this.#answer('pending', this.#dice.of(answers))
  }

  async workEnds(): Promise<void> {
    if (this.#dice.chance(50)) await this.#answer('accepted', this.#dice.of(['wrapping', 'completed']))
    else await this.#answer('wrapping', 'completed')
  }

  async timePasses(): Promise<void> {
    await this.#here.pass(1 + this.#dice.roll(45))
  }

  async queueChanges(): Promise<void> {
    const { sid, topic } = this.#dice.of(this.#queues)
    const forms: Form[] = [
      { FriendlyName: this.#name(topic) },
      { TargetWorkers: this.#dice.of([`skills HAS '${topic}'`, `skills HAS "${topic}"`, '1 == 1']) },
      { MaxReservedWorkers: String(1 + this.#dice.roll(3)) }
    ]
    await this.#post(this.#floor(`/TaskQueues/${sid}`), this.#dice.of(forms))
    if (!this.#dice.chance(30)) return
    const made = await this.#make('/TaskQueues', { FriendlyName: this.#name('queue'), TargetWorkers: '1 == 2' })
    if (this.#dice.chance(50)) await this.#delete(this.#floor(`/TaskQueues/${made.sid}`))
  }

  async activityChanges(): Promise<void> {
    const { sid } = await this.#make('/Activities', { FriendlyName: this.#name('Break'), Available: 'false' })
    if (!sid) return
    if (this.#dice.chance(70))
      await this.#post(this.#floor(`/Activities/${sid}`), { FriendlyName: this.#name('Pause') })
    if (this.#dice.chance(70)) await this.#delete(this.#floor(`/Activities/${sid}`))
  }

  async workflowChanges(): Promise<void> {
    const form = { Configuration: this.#configuration(this.#dice.roll(6)), ReEvaluateTasks: 'true' }
    await this.#post(this.#floor(`/Workflows/${this.#workflow}`), form)
  }

  async somebodyIsAsked(): Promise<void> {
    const { body } = await this.#get('/conversations/v1/Conversations?PageSize=100')
    const task = await this.#task(({ attributes }) => attributes.includes('flexInteractionSid'))
    if (!task || body.conversations.length === 0) return
    const { flexInteractionSid, flexInteractionChannelSid } = JSON.parse(task.attributes)
    const { sid: worker_sid } = this.#agent()
    const { workspace_sid } = this
    const queue_sid = this.#dice.of(this.#queues).sid
    const routing = { properties: { workspace_sid, queue_sid, worker_sid, task_channel_unique_name: 'sms' } }
    await this.#post(`/flex-api/v1/Interactions/${flexInteractionSid}/Channels/${flexInteractionChannelSid}/Invites`, {
      Routing: JSON.stringify(routing)
    })
  }

  async conversationGoesOn(): Promise<void> {
    const path = await this.#conversation()
    if (path === undefined) return
    const { messages } = (await this.#get(`${path}/Messages?PageSize=100`)).body
    const some = messages.length > 0 ? this.#dice.of<{ sid: string }>(messages) : undefined
    const chance = this.#dice.roll(10)
    if (chance < 6 || !some) {
      await this.#post(`${path}/Messages`, { Author: this.#dice.of(['ada', 'bob', 'ann']), Body: this.#name('words') })
    } else if (chance < 8) await this.#post(`${path}/Messages/${some.sid}`, { Body: this.#name('other words') })
    else await this.#delete(`${path}/Messages/${some.sid}`)
  }

  async conversationChanges(): Promise<void> {
    const path = await this.#conversation()
    if (path === undefined) return
    const chance = this.#dice.roll(12)
    if (chance < 4) await this.#post(path, { FriendlyName: this.#name('subject') })
    else if (chance < 7) await this.#post(path, { Attributes: JSON.stringify({ n: this.#named++ }) })
    else if (chance < 9) await this.#post(path, { State: this.#dice.of(['inactive', 'active']) })
    else if (chance < 11) await this.#post(path, { State: 'closed' })
    else await this.#delete(path)
  }

  async membersChange(): Promise<void> {
    const path = await this.#conversation()
    if (path === undefined) return
    const { participants } = (await this.#get(`${path}/Participants`)).body
    const chance = this.#dice.roll(10)
    if (chance < 5 || participants.length === 0)
      await this.#post(`${path}/Participants`, { Identity: this.#dice.of(['ada', 'bob', 'cem', 'guest']) })
    else {
      const one = `${path}/Participants/${this.#dice.of<{ sid: string }>(participants).sid}`
      if (chance < 7) await this.#post(one, { Attributes: JSON.stringify({ n: this.#named++ }) })
      else if (chance < 8) await this.#post(one, { LastReadMessageIndex: '0' })
      else await this.#delete(one)
    }
  }

  async colleaguesTell(): Promise<void> {
    const path = await this.#conversation()
    if (path === undefined) return
    const notes = `/ringdown/v1/Conversations/${path.split('/').at(-1)}/Notes`
    const { body } = await this.#post(notes, { Author: 'bob', Body: this.#name('aside'), Mentions: 'ada' })
    if (!body.sid) return
    if (this.#dice.chance(50)) await this.#post(`${notes}/${body.sid}`, { Body: this.#name('afterthought') })
    if (this.#dice.chance(30)) await this.#delete(`${notes}/${body.sid}`)
  }

  async wordsAreKept(): Promise<void> {
    const responses = '/ringdown/v1/CannedResponses'
    const { body } = await this.#post(responses, { Section: 'General', Label: this.#name('Hello'), Text: 'Hello!' })
    if (this.#dice.chance(50)) await this.#post(`${responses}/${body.sid}`, { Text: this.#name('Hi') })
    if (this.#dice.chance(50)) await this.#delete(`${responses}/${body.sid}`)
  }

  // How

  async #answer(reservation_status: string, status: string): Promise<void> {
    const found: string[] = []
    for (const { sid } of this.#people.values()) {
      const query = `ReservationStatus=${reservation_status}&PageSize=100`
      const { reservations } = (await this.#get(this.#floor(`/Workers/${sid}/Reservations?${query}`))).body
      found.push(...reservations.map((row: { sid: string }) => this.#floor(`/Workers/${sid}/Reservations/${row.sid}`)))
    }
    if (found.length > 0) await this.#post(this.#dice.of(found), { ReservationStatus: status })
  }

  async #task(isMeant: (task: { attributes: string }) => boolean = () => true) {
    const living = 'AssignmentStatus=pending&AssignmentStatus=reserved&AssignmentStatus=assigned'
    const { tasks } = (await this.#get(this.#floor(`/Tasks?PageSize=100&${living}`))).body
    const meant = (tasks as { sid: string; attributes: string }[]).filter(isMeant)
    return meant.length > 0 ? this.#dice.of(meant) : undefined
  }

  /** One that is not closed. */
  async #conversation(): Promise<string | undefined> {
    const { conversations } = (await this.#get('/conversations/v1/Conversations?PageSize=100')).body
    const open = (conversations as { sid: string; state: string }[]).filter(({ state }) => state !== 'closed')
    return open.length > 0 ? `/conversations/v1/Conversations/${this.#dice.of(open).sid}` : undefined
  }

  async #available(): Promise<string> {
    const found = await this.#list('/Activities', 'activities')
    return found.find((row) => row.available === true)?.sid ?? ''
  }

  async #list(path: string, key: string): Promise<{ sid: string; available?: boolean }[]> {
    return (await this.#get(this.#floor(`${path}?PageSize=1000`))).body[key]
  }

  #agent(): Person {
    return this.worker(this.#dice.of(['ada', 'ada', 'bob', 'cem', 'dan']))
  }

  #name(what: string): string {
    return `${what} ${++this.#named}`
  }

  #floor(path: string): string {
    return `/taskrouter/v1/Workspaces/${this.workspace_sid}${path}`
  }

  async #make(path: string, form: Form): Promise<{ readonly sid: string }> {
    return (await this.#post(this.#floor(path), form)).body
  }

  #get(path: string) {
    return this.#here.call(path)
  }

  #delete(path: string) {
    return this.#counted(this.#here.call(path, undefined, { method: 'DELETE' }))
  }

  #post(path: string, form: Form) {
    return this.#counted(this.#here.call(path, form))
  }

  /** Not everything that dice wish is possible; but nothing breaks. */
  async #counted(asked: ReturnType<World['call']>) {
    const answer = await asked
    if (answer.status >= 500) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`)
    this.done++
    if (answer.status >= 400) this.refused++
    return answer
  }
}

/** What happens, each as often as it stands here. */
const deeds: readonly ((day: Day) => Promise<void>)[] = [
  (day) => day.workerMoves(),
  (day) => day.workerIsBack(),
  (day) => day.workerIsBack(),
  (day) => day.workerLearns(),
  (day) => day.workerIsRenamed(),
  (day) => day.newcomer(),
  (day) => day.customerWrites(),
  (day) => day.customerWrites(),
  (day) => day.customerWrites(),
  (day) => day.taskComes(),
  (day) => day.taskChanges(),
  (day) => day.offerIsAnswered(),
  (day) => day.offerIsAnswered(),
  (day) => day.offerIsAnswered(),
  (day) => day.workEnds(),
  (day) => day.timePasses(),
  (day) => day.queueChanges(),
  (day) => day.activityChanges(),
  (day) => day.workflowChanges(),
  (day) => day.somebodyIsAsked(),
  (day) => day.conversationGoesOn(),
  (day) => day.conversationGoesOn(),
  (day) => day.conversationGoesOn(),
  (day) => day.conversationChanges(),
  (day) => day.membersChange(),
  (day) => day.colleaguesTell(),
  (day) => day.wordsAreKept()
]
