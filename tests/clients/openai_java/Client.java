// OpenAI's Java SDK: a plain answer, a stream, a tool loop, a structured answer, errors.
//
// Like the other clients it is started with two base URLs and prints one JSON line per scenario.

import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.OpenAIServiceException;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.openai.models.chat.completions.StructuredChatCompletionCreateParams;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

public class Client {
    static final String MODEL = "claude-sonnet-4-6";
    static final ObjectMapper JSON = new ObjectMapper();

    public static class City {
        public String name;
        public int population;
    }

    public static void main(String[] urls) throws Exception {
        OpenAIClient open = client(urls[0], "any key");
        OpenAIClient locked = client(urls[1], "a wrong key");
        report("plain", () -> whole(open, ask("Say hello.").build()));
        report("streamed", () -> streamed(open, ask("Tell me about the sea in a few words.").build()));
        report("tool call and its result", () -> toolLoop(open));
        report("structured output", () -> structured(open));
        report("wrong key", () -> whole(locked, ask("Say hello.").build()));
        String failing = "Tell me about the sea. [[simulate: pace=50 error_after=8]]";
        report("error in a stream", () -> streamed(open, ask(failing).build()));
        System.exit(0); // the HTTP client's threads would live on
    }

    static OpenAIClient client(String url, String key) {
        return OpenAIOkHttpClient.builder().baseUrl(url).apiKey(key).maxRetries(0).build();
    }

    static ChatCompletionCreateParams.Builder ask(String text) {
        return ChatCompletionCreateParams.builder().model(MODEL).addUserMessage(text);
    }

    static Map<String, Object> answer(ChatCompletion.Choice choice) throws Exception {
        List<Object> calls = new ArrayList<>();
        for (ChatCompletionMessageFunctionToolCall call : calls(choice)) {
            Object arguments = JSON.readValue(call.function().arguments(), Map.class);
            calls.add(Map.of("id", call.id(), "name", call.function().name(), "arguments", arguments));
        }
        return record(choice.message().content().orElse(""), choice.finishReason().toString(), calls);
    }

    static List<ChatCompletionMessageFunctionToolCall> calls(ChatCompletion.Choice choice) {
        return choice.message().toolCalls().orElse(List.of()).stream().map(call -> call.asFunction()).toList();
    }

    static Map<String, Object> record(String text, String finish, List<Object> calls) {
        return new LinkedHashMap<>(Map.of("text", text, "finish", List.of(finish), "calls", calls));
    }

    static Map<String, Object> whole(OpenAIClient api, ChatCompletionCreateParams request) throws Exception {
        return answer(api.chat().completions().create(request).choices().get(0));
    }

    static Map<String, Object> streamed(OpenAIClient api, ChatCompletionCreateParams request) {
        StringBuilder text = new StringBuilder();
        List<String> pieces = new ArrayList<>();
        List<String> finish = new ArrayList<>();
        try (StreamResponse<ChatCompletionChunk> stream = api.chat().completions().createStreaming(request)) {
            stream.stream().flatMap(chunk -> chunk.choices().stream()).forEach(choice -> {
                choice.delta().content().filter(piece -> !piece.isEmpty()).ifPresent(pieces::add);
                choice.finishReason().ifPresent(reason -> finish.add(reason.toString()));
            });
        }
        pieces.forEach(text::append);
        Map<String, Object> result = record(text.toString(), String.join(" ", finish), List.of());
        result.put("pieces", pieces.size());
        return result;
    }

    static Map<String, Object> toolLoop(OpenAIClient api) throws Exception {
        Map<String, Object> schema = Map.of(
            "type", "object", "properties", Map.of("city", Map.of("type", "string")), "required", List.of("city"));
        FunctionParameters.Builder parameters = FunctionParameters.builder();
        schema.forEach((name, value) -> parameters.putAdditionalProperty(name, JsonValue.from(value)));
        ChatCompletionCreateParams.Builder request = ask("What is the weather in Paris? Use get_weather.").addFunctionTool(
            FunctionDefinition.builder().name("get_weather").description("The weather.").parameters(parameters.build()).build());
        ChatCompletion.Choice first = api.chat().completions().create(request.build()).choices().get(0);
        request.addMessage(first.message());
        for (ChatCompletionMessageFunctionToolCall call : calls(first)) {
            request.addMessage(ChatCompletionToolMessageParam.builder().toolCallId(call.id()).content("21 degrees").build());
        }
        Map<String, Object> result = answer(first);
        result.put("then", whole(api, request.build()));
        return result;
    }

    static Map<String, Object> structured(OpenAIClient api) {
        StructuredChatCompletionCreateParams<City> request = ChatCompletionCreateParams.builder()
            .model(MODEL).addUserMessage("Describe the city of Paris.").responseFormat(City.class).build();
        City city = api.chat().completions().create(request).choices().get(0).message().content().orElseThrow();
        return new LinkedHashMap<>(Map.of("parsed", Map.of("name", city.name, "population", city.population)));
    }

    static void report(String scenario, Callable<Map<String, Object>> run) throws Exception {
        Map<String, Object> result = new LinkedHashMap<>(Map.of("scenario", scenario));
        try {
            result.putAll(run.call());
        } catch (Exception failure) {
            Map<String, Object> error = new LinkedHashMap<>(Map.of("message", String.valueOf(failure.getMessage())));
            if (failure instanceof OpenAIServiceException refused) {
                error.put("status", refused.statusCode());
            }
            result.put("error", error);
        }
        System.out.println(JSON.writeValueAsString(result));
    }
}
