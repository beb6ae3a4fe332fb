import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectVerified, type Observed, observed } from '../observed.ts'

/*
 * Flex's plugin service (reference flex 19) through the official SDK, as a command line that deploys plugins uses it.
 */

let world: Observed
beforeAll(async () => {
  world = await observed()
})
afterAll(() => world.close())

const flex = () => world.client.flexApi.v1
const hosted = (version: string) => ({
  versionParam: version,
  pluginUrl: `https://x.example/plugins/${version}/bundle.js`
})

/** What the SDK was refused with. */
async function refused(act: Promise<unknown>): Promise<string> {
  const error = await act.then(
    () => undefined,
    (reason: { readonly status: number; readonly code: number; readonly message: string }) => reason
  )
  return error === undefined ? 'it was not refused' : `${error.status}/${error.code} ${error.message}`
}

describe('before anything is deployed', () => {
  it('lists are empty, and nothing is live', async () => {
    expect(await flex().plugins.list()).toEqual([])
    expect(await flex().pluginConfigurations.list()).toEqual([])
    expect(await flex().pluginReleases.list()).toEqual([])
    expect(await refused(flex().pluginReleases('Active').fetch())).toMatch(/^404\/20404/)
  })
})

describe('a deployment', () => {
  it('makes a plugin, a version, a configuration and a release, which is live then', async () => {
    const plugin = await flex().plugins.create({ uniqueName: 'plugin-wrap', flexMetadata: '{"cli":"1"}' })
    expect(plugin).toMatchObject({ friendlyName: 'plugin-wrap', description: '', archived: false })
    const version = await flex()
      .plugins('plugin-wrap')
      .pluginVersions.create({ ...hosted('1.0.0'), changelog: 'First', validateStatus: 'success' })
    expect(version).toMatchObject({ pluginSid: plugin.sid, version: '1.0.0', validated: true, _private: false })
    const configuration = await flex().pluginConfigurations.create({
      name: 'Monday',
      description: 'All of them',
      plugins: [{ plugin_version: version.sid, phase: 3 }]
    })
    const release = await flex().pluginReleases.create({ configurationId: configuration.sid })
    expect((await flex().pluginReleases('Active').fetch()).sid).toBe(release.sid)
    const [configured, ...others] = await flex().pluginConfigurations(configuration.sid).plugins.list()
    expect(others).toEqual([])
    expect(configured).toMatchObject({
      pluginSid: plugin.sid,
      pluginVersionSid: version.sid,
      configurationSid: configuration.sid,
      uniqueName: 'plugin-wrap',
      version: '1.0.0',
      changelog: 'First',
      phase: 3,
      pluginArchived: false,
      pluginVersionArchived: false
    })
    const byName = await flex().pluginConfigurations('active').plugins('plugin-wrap').fetch()
    expect(byName.pluginVersionSid).toBe(version.sid)
  })

  it('of a newer version takes the place of the one before, and goes back', async () => {
    const [first] = await flex().pluginReleases.list()
    const version = await flex().plugins('plugin-wrap').pluginVersions.create(hosted('1.1.0-rc.1'))
    expect((await flex().plugins('plugin-wrap').pluginVersions('1.1.0-rc.1').fetch()).sid).toBe(version.sid)
    const versions = await flex().plugins('plugin-wrap').pluginVersions.list({ limit: 1 })
    expect(versions.map(({ sid }) => sid)).toEqual([version.sid])
    const configuration = await flex().pluginConfigurations.create({
      name: 'Tuesday',
      plugins: [JSON.stringify({ plugin_version: version.sid })]
    })
    const second = await flex().pluginReleases.create({ configurationId: configuration.sid })
    expect((await flex().pluginReleases('active').fetch()).sid).toBe(second.sid)
    expect((await flex().pluginConfigurations.list()).map(({ name }) => name)).toEqual(['Tuesday', 'Monday'])
    const back = await flex().pluginReleases.create({ configurationId: first?.configurationSid ?? '' })
    expect((await flex().pluginReleases('active').fetch()).sid).toBe(back.sid)
    expect(await flex().pluginReleases(second.sid).fetch()).toMatchObject({ configurationSid: configuration.sid })
    expect((await flex().pluginConfigurations(configuration.sid).fetch()).archived).toBe(false)
  })

  it('without plugins has none live', async () => {
    const none = await flex().pluginConfigurations.create({ name: 'Without' })
    await flex().pluginReleases.create({ configurationId: none.sid })
    expect(await flex().pluginConfigurations('Active').plugins.list()).toEqual([])
  })
})

describe('a plugin', () => {
  it('is found by its SID and its name, and changed', async () => {
    const { sid } = await flex().plugins.create({ uniqueName: 'Named', friendlyName: 'One' })
    const changed = await flex().plugins(sid).update({ friendlyName: 'Two', description: 'Three' })
    expect(changed).toMatchObject({ uniqueName: 'Named', friendlyName: 'Two', description: 'Three' })
    expect(await flex().plugins('Named').fetch()).toMatchObject({ sid, friendlyName: 'Two' })
    expect((await flex().plugins.list({ limit: 1 }))[0]?.sid).toBe(sid)
  })

  it('is archived with what it has, once', async () => {
    const { sid } = await flex().plugins.create({ uniqueName: 'Old' })
    const version = await flex().plugins(sid).pluginVersions.create(hosted('2.0.0'))
    const plugins = [{ plugin_version: version.sid }]
    const configuration = await flex().pluginConfigurations.create({ name: 'Old', plugins })
    const archived = await flex().plugins('Old').pluginVersions('2.0.0').fetch()
    expect(archived.archived).toBe(false)
    expect((await flex().pluginVersionArchive(sid, version.sid).update()).archived).toBe(true)
    expect(await refused(flex().pluginVersionArchive('Old', '2.0.0').update())).toMatch(/^400\/20001 .* already$/)
    expect((await flex().pluginArchive('Old').update()).archived).toBe(true)
    const [configured] = await flex().pluginConfigurations(configuration.sid).plugins.list()
    expect(configured).toMatchObject({ pluginArchived: true, pluginVersionArchived: true })
    expect(await refused(flex().pluginReleases.create({ configurationId: configuration.sid }))).toMatch(/^400\/20001/)
    expect((await flex().pluginConfigurationArchive(configuration.sid).update()).archived).toBe(true)
    for (const act of [
      () => flex().pluginArchive(sid).update(),
      () => flex().pluginConfigurationArchive(configuration.sid).update(),
      () => flex().plugins(sid).update({ friendlyName: 'New' }),
      () => flex().plugins(sid).pluginVersions.create(hosted('2.0.1')),
      () => flex().pluginConfigurations.create({ name: 'Again', plugins }),
      () => flex().pluginReleases.create({ configurationId: configuration.sid })
    ])
      expect(await refused(act())).toMatch(/^400\/20001 .* is archived/)
  })

  it('that is live is not archived, and neither is what it is live with', async () => {
    const { sid } = await flex().plugins.create({ uniqueName: 'Live' })
    const version = await flex().plugins(sid).pluginVersions.create(hosted('1.0.0'))
    const configuration = await flex().pluginConfigurations.create({
      name: 'Live',
      plugins: [{ plugin_version: version.sid }]
    })
    await flex().pluginReleases.create({ configurationId: configuration.sid })
    for (const act of [
      flex().pluginArchive(sid).update(),
      flex().pluginVersionArchive(sid, version.sid).update(),
      flex().pluginConfigurationArchive(configuration.sid).update()
    ])
      expect(await refused(act)).toMatch(/^400\/20001 .* which is live$/)
  })
})

describe('what is refused', () => {
  const unknown = { FP: `FP${'0'.repeat(32)}`, FV: `FV${'0'.repeat(32)}`, FJ: `FJ${'0'.repeat(32)}` }
  beforeAll(async () => {
    await flex().plugins.create({ uniqueName: 'Taken' })
    await flex().plugins('Taken').pluginVersions.create(hosted('1.0.0'))
  })

  it.each<readonly [string, () => Promise<unknown>, RegExp]>([
    ['a name that is taken', () => flex().plugins.create({ uniqueName: 'Taken' }), /^409\/20409/],
    ['no name', () => flex().plugins.create({ uniqueName: ' ' }), /^400\/20001/],
    ['a name like a SID', () => flex().plugins.create({ uniqueName: unknown.FP }), /^400\/20001/],
    [
      'a long description',
      () => flex().plugins.create({ uniqueName: 'Long', description: 'x'.repeat(501) }),
      /^400\/20001/
    ],
    ['a version that is there', () => flex().plugins('Taken').pluginVersions.create(hosted('1.0.0')), /^409\/20409/],
    ['a version that is none', () => flex().plugins('Taken').pluginVersions.create(hosted('1.0')), /^400\/20001/],
    [
      'a URL that is none',
      () => flex().plugins('Taken').pluginVersions.create({ versionParam: '1.0.1', pluginUrl: '/bundle.js' }),
      /^400\/20001/
    ],
    ['a version of nothing', () => flex().plugins(unknown.FP).pluginVersions.create(hosted('1.0.0')), /^404\/20404/],
    [
      'a configuration of nothing',
      () => flex().pluginConfigurations.create({ name: 'None', plugins: [{ plugin_version: unknown.FV }] }),
      /^400\/20001/
    ],
    [
      'a configuration of no JSON',
      () => flex().pluginConfigurations.create({ name: 'None', plugins: ['Taken'] }),
      /^400\/20001/
    ],
    [
      'a plugin twice',
      async () => {
        const { sid } = await flex().plugins('Taken').pluginVersions('1.0.0').fetch()
        const plugins = [{ plugin_version: sid }, { plugin_version: sid }]
        return flex().pluginConfigurations.create({ name: 'Twice', plugins })
      },
      /^400\/20001/
    ],
    ['a release of nothing', () => flex().pluginReleases.create({ configurationId: unknown.FJ }), /^400\/20001/],
    ['a plugin that is not there', () => flex().plugins('Nothing').fetch(), /^404\/20404/],
    ['a plugin that is not configured', () => flex().pluginConfigurations('active').plugins('Taken').fetch(), /^404/]
  ])('%s', async (_, act, expected) => {
    expect(await refused(act())).toMatch(expected)
  })
})

it('holds what docs/parity.md says of it', () => expectVerified('test/conformance/flex/plugins.test.ts', world))
