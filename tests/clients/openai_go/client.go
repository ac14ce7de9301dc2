// OpenAI's Go SDK: a plain answer, a stream, a tool loop, a structured answer, errors.
//
// Like the other clients it is started with two base URLs and prints one JSON line per scenario.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/shared"
)

const model = "claude-sonnet-4-6"

type record = map[string]any

var schema = record{
	"type":                 "object",
	"properties":           record{"name": record{"type": "string"}, "population": record{"type": "integer"}},
	"required":             []string{"name", "population"},
	"additionalProperties": false,
}

var weather = openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
	Name:        "get_weather",
	Description: openai.String("The weather."),
	Parameters: shared.FunctionParameters{
		"type": "object", "properties": record{"city": record{"type": "string"}}, "required": []string{"city"},
	},
})

func client(url, key string) openai.Client {
	return openai.NewClient(option.WithBaseURL(url), option.WithAPIKey(key), option.WithMaxRetries(0))
}

func ask(text string) openai.ChatCompletionNewParams {
	messages := []openai.ChatCompletionMessageParamUnion{openai.UserMessage(text)}
	return openai.ChatCompletionNewParams{Model: model, Messages: messages}
}

func answer(choice openai.ChatCompletionChoice) record {
	calls := []record{}
	for _, call := range choice.Message.ToolCalls {
		var arguments record
		if err := json.Unmarshal([]byte(call.Function.Arguments), &arguments); err != nil {
			arguments = record{"unreadable": call.Function.Arguments}
		}
		calls = append(calls, record{"id": call.ID, "name": call.Function.Name, "arguments": arguments})
	}
	return record{"text": choice.Message.Content, "finish": []string{string(choice.FinishReason)}, "calls": calls}
}

func whole(api openai.Client, request openai.ChatCompletionNewParams) (record, error) {
	reply, err := api.Chat.Completions.New(context.Background(), request)
	if err != nil {
		return nil, err
	}
	return answer(reply.Choices[0]), nil
}

func streamed(api openai.Client, request openai.ChatCompletionNewParams) (record, error) {
	stream := api.Chat.Completions.NewStreaming(context.Background(), request)
	accumulated := openai.ChatCompletionAccumulator{}
	pieces := 0
	for stream.Next() {
		chunk := stream.Current()
		accumulated.AddChunk(chunk)
		if len(chunk.Choices) > 0 && chunk.Choices[0].Delta.Content != "" {
			pieces++
		}
	}
	if err := stream.Err(); err != nil {
		return nil, err
	}
	result := answer(accumulated.Choices[0])
	result["pieces"] = pieces
	return result, nil
}

func toolLoop(api openai.Client) (record, error) {
	request := ask("What is the weather in Paris? Use get_weather.")
	request.Tools = []openai.ChatCompletionToolUnionParam{weather}
	reply, err := api.Chat.Completions.New(context.Background(), request)
	if err != nil {
		return nil, err
	}
	first := reply.Choices[0]
	request.Messages = append(request.Messages, first.Message.ToParam())
	for _, call := range first.Message.ToolCalls {
		request.Messages = append(request.Messages, openai.ToolMessage("21 degrees", call.ID))
	}
	then, err := whole(api, request)
	result := answer(first)
	result["then"] = then
	return result, err
}

func structured(api openai.Client) (record, error) {
	request := ask("Describe the city of Paris.")
	request.ResponseFormat = openai.ChatCompletionNewParamsResponseFormatUnion{
		OfJSONSchema: &shared.ResponseFormatJSONSchemaParam{
			JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: "city", Schema: schema, Strict: param.NewOpt(true)},
		},
	}
	result, err := whole(api, request)
	if err != nil {
		return nil, err
	}
	var parsed record
	err = json.Unmarshal([]byte(result["text"].(string)), &parsed)
	result["parsed"] = parsed
	return result, err
}

func main() {
	open, locked := client(os.Args[1], "any key"), client(os.Args[2], "a wrong key")
	report("plain", func() (record, error) { return whole(open, ask("Say hello.")) })
	report("streamed", func() (record, error) { return streamed(open, ask("Tell me about the sea in a few words.")) })
	report("tool call and its result", func() (record, error) { return toolLoop(open) })
	report("structured output", func() (record, error) { return structured(open) })
	report("wrong key", func() (record, error) { return whole(locked, ask("Say hello.")) })
	report("error in a stream", func() (record, error) {
		return streamed(open, ask("Tell me about the sea. [[simulate: pace=50 error_after=8]]"))
	})
}

func report(scenario string, run func() (record, error)) {
	result, err := run()
	if err != nil {
		failure := record{"message": err.Error()}
		var refused *openai.Error
		if errors.As(err, &refused) {
			failure["status"], failure["message"] = refused.StatusCode, refused.Message
		}
		result = record{"error": failure}
	}
	result["scenario"] = scenario
	line, err := json.Marshal(result)
	if err != nil {
		panic(err)
	}
	// The scenario's name comes first, so that a reader finds the records among other output.
	fmt.Printf("{\"scenario\": %q, %s\n", scenario, line[1:])
}
