// An OpenID provider on loopback: clients get access tokens that are JSON Web Tokens (RFC 9068), by their credentials.
// Its port is the first argument, the audience of its tokens the second.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { generateKeyPairSync } from 'node:crypto'

const [port, audience, modules] = process.argv.slice(2)
const { Provider } = await import(pathToFileURL(createRequire(`${modules}/`).resolve('oidc-provider')).href)
const key = (kid, type, options, alg) => {
  const { privateKey } = generateKeyPairSync(type, options)
  return { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg }
}
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: ['service', 'stranger'].map((client_id) => ({
    client_id,
    client_secret: `secret-of-${client_id}`,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  })),
  jwks: { keys: [key('rsa', 'rsa', { modulusLength: 2048 }, 'RS256')] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      getResourceServerInfo: () => ({
        scope: 'api',
        audience,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 300,
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
})
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'))
