import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.http.HttpServerTransport;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.transport.Netty4Plugin;

/** One node of what lies in HOME/config; it says where it listens, and ends with its standard input. */
public final class OpenSearchNode extends Node {
    private OpenSearchNode(Environment environment) {
        super(environment, List.of(Netty4Plugin.class), true);
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream output = System.out; // logging takes the stream's place
        Path home = Path.of(arguments[0]);
        Settings settings = Settings.builder().put("path.home", home).build();
        Environment environment = InternalSettingsPreparer.prepareEnvironment(
            settings, Map.of(), home.resolve("config"), () -> "node");
        LogConfigurator.configure(environment);
        try (Node node = new OpenSearchNode(environment)) {
            node.start();
            HttpServerTransport http = node.injector().getInstance(HttpServerTransport.class);
            output.println("listening on " + http.boundAddress().publishAddress().getPort());
            while (System.in.read() != -1) {
                // Whoever started it holds the other end.
            }
        }
        System.exit(0);
    }
}
